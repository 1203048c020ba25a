// SPDX-License-Identifier: Apache-2.0

/// Source code whose comments and string contents are blanked, so that words and braces in it are really code.
/// Line breaks stay where they were.
struct CodeText: Sendable {
    /// The languages whose comments and literals differ.
    enum Language: Sendable {
        case swift, c
    }

    /// One byte per byte of the source.
    private(set) var bytes: [UInt8]
    private let language: Language
    private var position = 0

    init(_ text: String, language: Language) {
        bytes = Array(text.utf8)
        self.language = language
        blankAll()
    }

    /// The blanked text as lines.
    var lines: [String] {
        bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// What comments and literals begin with.
    private static let openings = Set("/#\"'".utf8)

    private mutating func blankAll() {
        while position < bytes.count {
            // Most bytes begin nothing: they are passed over without looking for a word.
            guard Self.openings.contains(bytes[position]) else {
                position += 1
                continue
            }
            if starts(with: "//") {
                blank { !$0.isAt("\n") }
            } else if starts(with: "/*") {
                blankBlockComment()
            } else if language == .swift, bytes[position] == UInt8(ascii: "#") {
                blankRawString()
            } else if bytes[position] == UInt8(ascii: "\"") {
                blankString(hashes: 0)
            } else if language == .c, bytes[position] == UInt8(ascii: "'") {
                blankCharacter()
            } else {
                position += 1
            }
        }
    }

    private func starts(with word: String) -> Bool {
        isAt(word)
    }

    private func isAt(_ word: String) -> Bool {
        bytes[position...].starts(with: word.utf8)
    }

    /// Blanks bytes until `goesOn` is false or the text ends.
    private mutating func blank(while goesOn: (CodeText) -> Bool) {
        while position < bytes.count, goesOn(self) { blankOne() }
    }

    private mutating func blankOne() {
        guard position < bytes.count else { return }
        if bytes[position] != UInt8(ascii: "\n") { bytes[position] = UInt8(ascii: " ") }
        position += 1
    }

    private mutating func blankMany(_ count: Int) {
        for _ in 0..<count { blankOne() }
    }

    private mutating func blankBlockComment() {
        var depth = 0
        repeat {
            if isAt("/*") {
                depth += 1
                blankMany(2)
            } else if isAt("*/") {
                depth -= 1
                blankMany(2)
            } else {
                blankOne()
            }
        } while depth > 0 && position < bytes.count
    }

    private mutating func blankRawString() {
        var hashes = 0
        while position + hashes < bytes.count, bytes[position + hashes] == UInt8(ascii: "#") { hashes += 1 }
        position += hashes
        if position < bytes.count, bytes[position] == UInt8(ascii: "\"") { blankString(hashes: hashes) }
    }

    /// Blanks a string literal with its interpolations, from its opening quote on.
    private mutating func blankString(hashes: Int) {
        let quote = isAt("\"\"\"") && language == .swift ? "\"\"\"" : "\""
        let close = quote + String(repeating: "#", count: hashes)
        let escape = "\\" + String(repeating: "#", count: hashes)
        blankMany(quote.utf8.count)
        while position < bytes.count, !isAt(close) {
            if quote == "\"", isAt("\n") { return }
            guard isAt(escape) else {
                blankOne()
                continue
            }
            blankMany(escape.utf8.count)
            if position < bytes.count, isAt("("), language == .swift { blankInterpolation() } else { blankOne() }
        }
        blankMany(close.utf8.count)
    }

    private mutating func blankInterpolation() {
        var depth = 0
        repeat {
            if isAt("\"") {
                blankString(hashes: 0)
                continue
            }
            if isAt("(") { depth += 1 }
            if isAt(")") { depth -= 1 }
            blankOne()
        } while depth > 0 && position < bytes.count
    }

    private mutating func blankCharacter() {
        blankOne()
        while position < bytes.count, !isAt("'"), !isAt("\n") {
            if isAt("\\") { blankOne() }
            blankOne()
        }
        if position < bytes.count, isAt("'") { blankOne() }
    }
}
