// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// The tokens of a step as a line of a node's event stream, read and written without a general coder: a step of a busy
/// instance is one such line, thousands of them a second.
///
/// The text is what `NodeEvent`'s `Codable` form is for `.tokens`, with its keys in one order and nothing that can be left
/// out: `{"tokens":{"_0":[{"task":"task-…","token":{"index":0,"id":1,"text":"a"}}]}}`. Whatever else a line holds, tokens
/// with `extra` included, is for the general coder.
package enum TokenLine {
    /// Longest line that is tried: more than a step of an instance makes.
    private static let longest = 4 << 20

    /// The line of these tokens without its end; nil where one of them has what the form cannot say.
    package static func write(_ tokens: [TaskToken]) -> [UInt8]? {
        guard !tokens.isEmpty, tokens.allSatisfy({ $0.token.extra == nil }) else { return nil }
        var line: [UInt8] = []
        line.reserveCapacity(96 * tokens.count + 24)
        line += Words.begin.utf8Bytes
        for (position, item) in tokens.enumerated() {
            if position > 0 { line.append(UInt8(ascii: ",")) }
            line += Words.task.utf8Bytes
            line += item.task.description.utf8
            line += Words.index.utf8Bytes
            line += String(item.token.index).utf8
            line += Words.id.utf8Bytes
            line += String(item.token.id).utf8
            line += Words.text.utf8Bytes
            append(item.token.text, to: &line)
            line += Words.endOfToken.utf8Bytes
        }
        line += Words.end.utf8Bytes
        return line
    }

    /// The tokens of a line; nil where it has another form, which says nothing of its being wrong.
    package static func read(_ line: UnsafeRawBufferPointer) -> [TaskToken]? {
        guard line.count <= longest else { return nil }
        var reader = TokenLineReader(bytes: line)
        guard reader.skip(Words.begin) else { return nil }
        var tokens: [TaskToken] = []
        repeat {
            guard let token = reader.takeToken() else { return nil }
            tokens.append(token)
        } while reader.skip(Words.comma)
        return reader.skip(Words.end) && reader.isAtEnd ? tokens : nil
    }

    /// The fixed parts of the form.
    fileprivate enum Words {
        static let begin: StaticString = #"{"tokens":{"_0":["#
        static let task: StaticString = #"{"task":""#
        static let index: StaticString = #"","token":{"index":"#
        static let id: StaticString = #","id":"#
        static let text: StaticString = #","text":""#
        static let endOfToken: StaticString = #""}}"#
        static let end: StaticString = "]}}"
        static let comma: StaticString = ","
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)

    private static func append(_ text: String, to line: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): line += [UInt8(ascii: "\\"), byte]
            case 0..<0x20: line += Array("\\u00".utf8) + [hexDigits[Int(byte >> 4)], hexDigits[Int(byte & 15)]]
            default: line.append(byte)
            }
        }
    }
}

extension StaticString {
    fileprivate var utf8Bytes: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
    }
}

/// Reads the parts of a line one after another; nothing but the form that `TokenLine` writes is understood.
private struct TokenLineReader {
    let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { position == bytes.count }

    mutating func skip(_ word: StaticString) -> Bool {
        let expected = word.utf8Bytes
        guard bytes.count - position >= expected.count else { return false }
        for offset in 0..<expected.count where bytes[position + offset] != expected[offset] { return false }
        position += expected.count
        return true
    }

    mutating func takeToken() -> TaskToken? {
        guard skip(TokenLine.Words.task), let task = takeText().flatMap({ TaskID($0) }), position > 0 else {
            return nil
        }
        // The word that follows begins with the quote that ended the text.
        position -= 1
        guard skip(TokenLine.Words.index), let index = takeNumber(), skip(TokenLine.Words.id),
            let id = takeNumber().flatMap({ Int32(exactly: $0) }), skip(TokenLine.Words.text), let text = takeText()
        else { return nil }
        position -= 1
        guard skip(TokenLine.Words.endOfToken) else { return nil }
        return TaskToken(task: task, token: GeneratedToken(index: index, id: id, text: text))
    }

    /// A whole number as Swift prints it.
    private mutating func takeNumber() -> Int? {
        let isNegative = skip("-")
        let start = position
        var value = 0
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            let (product, overflows) = value.multipliedReportingOverflow(by: 10)
            let (sum, exceeds) = product.addingReportingOverflow(Int(bytes[position] - UInt8(ascii: "0")))
            guard !overflows, !exceeds else { return nil }
            value = sum
            position += 1
        }
        let digits = position - start
        // JSON's numbers have no leading zeros, and the general coder is to say what it thinks of them.
        guard digits > 0, digits == 1 || bytes[start] != UInt8(ascii: "0") else { return nil }
        return isNegative ? -value : value
    }

    /// Text up to the quote that ends it, which is taken too.
    private mutating func takeText() -> String? {
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                defer { position += 1 }
                return String(validating: bytes[start..<position], as: UTF8.self)
            case UInt8(ascii: "\\"): return takeEscapedText(from: start)
            case 0..<0x20: return nil
            default: position += 1
            }
        }
        return nil
    }

    private mutating func takeEscapedText(from start: Int) -> String? {
        var text = Array(bytes[start..<position])
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(validating: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let escaped = takeEscape() else { return nil }
                text.append(escaped)
            case 0..<0x20: return nil
            default: text.append(byte)
            }
        }
        return nil
    }

    /// What follows a backslash. Characters beyond ASCII are written as they are, never as escapes.
    private mutating func takeEscape() -> UInt8? {
        guard position < bytes.count else { return nil }
        defer { position += 1 }
        switch bytes[position] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return bytes[position]
        case UInt8(ascii: "n"): return UInt8(ascii: "\n")
        case UInt8(ascii: "t"): return UInt8(ascii: "\t")
        case UInt8(ascii: "r"): return UInt8(ascii: "\r")
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "u"):
            guard position + 4 < bytes.count else { return nil }
            var value = 0
            for offset in 1...4 {
                guard let digit = Character(UnicodeScalar(bytes[position + offset])).hexDigitValue else { return nil }
                value = value * 16 + digit
            }
            guard value < 0x80 else { return nil }
            position += 4
            return UInt8(value)
        default: return nil
        }
    }
}
