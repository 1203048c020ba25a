// SPDX-License-Identifier: Apache-2.0

/// Finds the tokens of a text with the greatest sum of scores (Viterbi): steps are bounded by the text's size times
/// the longest token, memory is one record per byte. Reused from fragment to fragment without allocation.
struct UnigramSearch {
    /// What a character that the vocabulary lacks costs more than the least likely token.
    private static let penalty = 10.0

    /// The best way to a place of the text.
    private struct Arrival {
        var score = -Double.infinity
        var start = -1
        /// -1 for an unknown character.
        var token: Int32 = -1
    }

    private struct Part {
        let range: Range<Int>
        let token: Int32
    }

    private var arrivals: [Arrival] = []
    private var parts: [Part] = []

    /// Adds the tokens of a text to `output`.
    mutating func encode(_ text: UnsafeRawBufferPointer, _ tokenizer: Tokenizer, into output: inout [Int32]) {
        findArrivals(text, tokenizer)
        parts.removeAll(keepingCapacity: true)
        var end = text.count
        while end > 0 {
            let token = arrivals[end].token
            var start = arrivals[end].start
            // Unknown characters in a row are one unknown token.
            while token < 0, tokenizer.fusesUnknown, start > 0, arrivals[start].token < 0 {
                start = arrivals[start].start
            }
            parts.append(Part(range: start..<end, token: token))
            end = start
        }
        for part in parts.reversed() {
            if part.token >= 0 {
                output.append(part.token)
            } else {
                Self.addUnknown(UnsafeRawBufferPointer(rebasing: text[part.range]), tokenizer, into: &output)
            }
        }
    }

    private static func addUnknown(
        _ bytes: UnsafeRawBufferPointer, _ tokenizer: Tokenizer, into output: inout [Int32]
    ) {
        if tokenizer.fallsBackToBytes, bytes.allSatisfy({ tokenizer.token(ofByte: $0) != nil }) {
            for byte in bytes {
                if let token = tokenizer.token(ofByte: byte) { output.append(token) }
            }
        } else if let unknown = tokenizer.unknownToken {
            output.append(unknown)
        }
    }

    /// Every whole character is reached, so the way back from the end never meets a gap.
    private mutating func findArrivals(_ text: UnsafeRawBufferPointer, _ tokenizer: Tokenizer) {
        arrivals.removeAll(keepingCapacity: true)
        arrivals.append(contentsOf: repeatElement(Arrival(), count: text.count + 1))
        arrivals[0].score = 0
        let unknownScore = tokenizer.leastScore - Self.penalty
        var start = 0
        while start < text.count {
            let base = arrivals[start].score
            let next = start + Tokenizer.sizeOfCharacter(in: text, at: start)
            var node = PrefixTree.root
            var index = start
            var coversCharacter = false
            while index < text.count, let step = tokenizer.prefixes.step(from: node, along: text[index]) {
                node = step.node
                index += 1
                guard let token = step.token, index >= next else { continue }
                if index == next { coversCharacter = true }
                arrive(at: index, from: start, base + tokenizer.score(of: token), token)
            }
            if !coversCharacter { arrive(at: next, from: start, base + unknownScore, -1) }
            start = next
        }
    }

    private mutating func arrive(at end: Int, from start: Int, _ score: Double, _ token: Int32) {
        // Scores of a damaged table may be no numbers; the first way to a place is then kept.
        guard arrivals[end].start < 0 || score > arrivals[end].score else { return }
        arrivals[end] = Arrival(score: score, start: start, token: token)
    }
}
