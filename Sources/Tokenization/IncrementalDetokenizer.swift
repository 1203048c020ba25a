// SPDX-License-Identifier: Apache-2.0

/// Turns tokens into text as they come, in whole characters only: what a token leaves unfinished waits for the next
/// one. Bytes that can never become a character turn into U+FFFD, so everything that is returned is valid UTF-8.
package struct IncrementalDetokenizer: Sendable {
    private static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

    private let tokenizer: Tokenizer
    private var pending: [UInt8] = []
    /// Whether the next text loses a space that the tokenizer puts in front of every text.
    private var dropsSpace: Bool

    /// A text that is still empty. With `startsText` it is a text of its own rather than the continuation of one,
    /// and lacks the space that SentencePiece models put in front.
    package init(_ tokenizer: Tokenizer, startsText: Bool = false) {
        self.tokenizer = tokenizer
        dropsSpace = startsText && tokenizer.writesLeadingSpace
    }

    /// The characters that are complete with this token, UTF-8; may be empty.
    package mutating func append(_ token: Int32) -> [UInt8] {
        let bytes = tokenizer.bytes(of: token)
        if dropsSpace, let first = bytes.first {
            pending.append(contentsOf: bytes.dropFirst(first == UInt8(ascii: " ") ? 1 : 0))
            dropsSpace = false
        } else {
            pending.append(contentsOf: bytes)
        }
        return takeWholeCharacters()
    }

    /// Takes tokens whose text was delivered by another process, so that the next one continues it.
    package mutating func replay(_ tokens: some Sequence<Int32>) {
        for token in tokens { _ = append(token) }
    }

    /// The end of the text: an unfinished character becomes U+FFFD.
    package mutating func flush() -> [UInt8] {
        guard !pending.isEmpty else { return [] }
        pending.removeAll(keepingCapacity: true)
        return Self.replacement
    }

    private mutating func takeWholeCharacters() -> [UInt8] {
        var output: [UInt8] = []
        let rest = pending.withUnsafeBytes { bytes in
            var index = 0
            while index < bytes.count {
                switch UTF8Decoding.character(in: bytes, at: index) {
                case .scalar(_, let size):
                    output.append(contentsOf: bytes[index..<index + size])
                    index += size
                case .invalid(let size):
                    output.append(contentsOf: Self.replacement)
                    index += size
                case .incomplete:
                    return index
                }
            }
            return index
        }
        pending.removeFirst(rest)
        return output
    }
}
