// SPDX-License-Identifier: Apache-2.0

/// The mapped tree of all texts of tokens, one step for each byte.
struct PrefixTree: @unchecked Sendable {
    /// Where a step leads.
    struct Step {
        let node: UInt32
        /// The token that ends here.
        let token: Int32?
    }

    /// A token and where its text ends.
    struct Match {
        let token: Int32
        let end: Int
    }

    /// The node from which every text begins.
    static let root: UInt32 = 0

    private let slots: UnsafeRawBufferPointer
    private let mask: Int
    private let vocabularySize: Int

    /// A table of a power of two of slots, or an empty one.
    init(slots: UnsafeRawBufferPointer, vocabularySize: Int) {
        self.slots = slots
        self.vocabularySize = vocabularySize
        mask = slots.count / TokenizerFormat.mergeRecordSize - 1
    }

    /// The step from a node along a byte; nil where no token's text goes on so.
    func step(from node: UInt32, along byte: UInt8) -> Step? {
        guard mask >= 0 else { return nil }
        let wanted = UInt32(byte)
        var slot = Int(truncatingIfNeeded: TokenizerFormat.hash(left: node, right: wanted)) & mask
        for _ in 0..<TokenizerFormat.longestProbe {
            let record = slot * TokenizerFormat.mergeRecordSize
            let mark: UInt32 = slots.number(record + 12)
            guard mark > 0 else { return nil }
            if slots.number(record) == node, slots.number(record + 4) == wanted {
                let token = Int(mark) - 2
                return Step(
                    node: slots.number(record + 8), token: token >= 0 && token < vocabularySize ? Int32(token) : nil)
            }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// The longest token that begins at a place. A damaged table may lead in circles, and the text's end ends them.
    func longestMatch(in text: UnsafeRawBufferPointer, at start: Int, from origin: UInt32 = root) -> Match? {
        var node = origin
        var best: Match?
        var index = start
        while index < text.count, let step = step(from: node, along: text[index]) {
            node = step.node
            index += 1
            if let token = step.token { best = Match(token: token, end: index) }
        }
        return best
    }
}
