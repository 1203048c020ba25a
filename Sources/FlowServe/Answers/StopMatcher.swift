// SPDX-License-Identifier: Apache-2.0

/// Finds the first stop string in text that comes in pieces, and holds back what may turn out to begin one.
///
/// Each byte costs a constant amount of work per stop string on average (a failure function, not a search), and at most
/// the longest stop string is held. Text and stop strings are whole UTF-8 characters, so the cuts are too.
package struct StopMatcher: Sendable {
    private struct Pattern {
        let bytes: [UInt8]
        /// For each length that is matched: how much of it is still matched when the next byte does not fit.
        let fallback: [Int]
        var matched = 0

        init(_ text: String) {
            bytes = Array(text.utf8)
            var fallback = [0, 0]
            var length = 0
            for index in bytes.indices.dropFirst() {
                while length > 0, bytes[index] != bytes[length] { length = fallback[length] }
                if bytes[index] == bytes[length] { length += 1 }
                fallback.append(length)
            }
            self.fallback = fallback
        }

        /// Takes one byte of the text; true where the pattern ends with it.
        mutating func advance(_ byte: UInt8) -> Bool {
            while matched > 0, bytes[matched] != byte { matched = fallback[matched] }
            if bytes[matched] == byte { matched += 1 }
            return matched == bytes.count
        }
    }

    private var patterns: [Pattern]
    private var held: [UInt8] = []

    /// A stop string was found: the text is over.
    package private(set) var hasMatched = false

    /// A matcher at the beginning of a text; none of `stops` may be empty.
    package init(_ stops: [String]) {
        precondition(!stops.contains(""), "an empty stop string would end every text before it begins")
        patterns = stops.map(Pattern.init)
    }

    /// The next piece of the text. Returns what is certain to come before every stop string; nothing once one was found.
    package mutating func append(_ text: [UInt8]) -> [UInt8] {
        guard !hasMatched else { return [] }
        guard !patterns.isEmpty else { return text }
        for byte in text {
            held.append(byte)
            if let length = longestMatch(endingWith: byte) {
                hasMatched = true
                held.removeLast(length)
                return release(held.count)
            }
        }
        let mayBegin = patterns.reduce(0) { max($0, $1.matched) }
        return release(held.count - mayBegin)
    }

    /// The end of the text: what was held back, since no stop string can be completed any more.
    package mutating func flush() -> [UInt8] {
        release(held.count)
    }

    /// Of several stop strings that end at the same byte, the longest began first.
    private mutating func longestMatch(endingWith byte: UInt8) -> Int? {
        var longest: Int?
        for index in patterns.indices where patterns[index].advance(byte) {
            longest = max(longest ?? 0, patterns[index].bytes.count)
        }
        return longest
    }

    private mutating func release(_ count: Int) -> [UInt8] {
        let released = Array(held.prefix(count))
        held.removeFirst(count)
        return released
    }
}
