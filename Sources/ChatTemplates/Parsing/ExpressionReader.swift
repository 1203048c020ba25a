// SPDX-License-Identifier: Apache-2.0

/// Reads one name, literal or symbol inside a tag.
struct ExpressionReader {
    private static let symbols = [
        "//", "==", "!=", ">=", "<=", "**", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=",
        ".", ":", "|", ",",
    ].map { Array($0.utf8) }

    private let source: [UInt8]
    private let position: SourcePosition
    /// Where the next token begins.
    private(set) var index: Int

    /// A reader at a byte that is no white space.
    init(source: [UInt8], index: Int, position: SourcePosition) {
        self.source = source
        self.index = index
        self.position = position
    }

    /// The token at `index`.
    mutating func next() throws(ChatTemplateError) -> TemplateToken.Kind {
        let byte = source[index]
        if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") { return .string(try string(quote: byte)) }
        if Self.isDigit(byte) { return try number() }
        if Self.isName(byte) {
            return .name(String(decoding: take { Self.isName($0) || Self.isDigit($0) }, as: UTF8.self))
        }
        for symbol in Self.symbols where source[index...].starts(with: symbol) {
            index += symbol.count
            return .symbol(String(decoding: symbol, as: UTF8.self))
        }
        let character = String(decoding: source[index...].prefix(4), as: UTF8.self).first ?? "?"
        throw .syntax("unexpected character '\(character)'", position)
    }

    private mutating func take(while matches: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let start = index
        while index < source.count, matches(source[index]) { index += 1 }
        return source[start..<index]
    }

    private mutating func number() throws(ChatTemplateError) -> TemplateToken.Kind {
        if let based = try basedNumber() { return based }
        var digits = self.digits()
        var isFloat = false
        if index + 1 < source.count, source[index] == UInt8(ascii: "."), Self.isDigit(source[index + 1]) {
            isFloat = true
            index += 1
            digits += "." + self.digits()
        }
        if let exponent = exponent() {
            isFloat = true
            digits += exponent
        }
        if isFloat, let value = Double(digits) { return .float(value) }
        guard let value = Int(digits) else { throw .syntax("the number \(digits) is too large", position) }
        return .integer(value)
    }

    private mutating func digits() -> String {
        var digits = String(decoding: take { Self.isDigit($0) || $0 == UInt8(ascii: "_") }, as: UTF8.self)
        digits.removeAll { $0 == "_" }
        return digits
    }

    /// `e5`, `E-5`; nil where none follows.
    private mutating func exponent() -> String? {
        guard index < source.count, source[index] | 0x20 == UInt8(ascii: "e") else { return nil }
        var place = index + 1
        let hasSign = place < source.count && (source[place] == 0x2B || source[place] == 0x2D)
        let sign = hasSign ? String(Unicode.Scalar(source[place])) : ""
        if hasSign { place += 1 }
        guard place < source.count, Self.isDigit(source[place]) else { return nil }
        index = place
        return "e" + sign + digits()
    }

    /// `0x1F`, `0o17`, `0b11`; nil for other numbers.
    private mutating func basedNumber() throws(ChatTemplateError) -> TemplateToken.Kind? {
        guard source[index] == UInt8(ascii: "0"), index + 2 < source.count else { return nil }
        let bases: [UInt8: Int] = [UInt8(ascii: "x"): 16, UInt8(ascii: "o"): 8, UInt8(ascii: "b"): 2]
        guard let base = bases[source[index + 1] | 0x20] else { return nil }
        index += 2
        var digits = String(decoding: take { Self.isName($0) || Self.isDigit($0) }, as: UTF8.self)
        digits.removeAll { $0 == "_" }
        guard let value = Int(digits, radix: base) else { throw .syntax("the number \(digits) is wrong", position) }
        return .integer(value)
    }

    private mutating func string(quote: UInt8) throws(ChatTemplateError) -> [UInt8] {
        var text: [UInt8] = []
        index += 1
        while index < source.count {
            let byte = source[index]
            index += 1
            if byte == quote { return text }
            guard byte == UInt8(ascii: "\\") else {
                text.append(byte)
                continue
            }
            guard index < source.count else { break }
            try escape(into: &text)
        }
        throw .syntax("a string is not closed", position)
    }

    private mutating func escape(into text: inout [UInt8]) throws(ChatTemplateError) {
        let byte = source[index]
        index += 1
        switch byte {
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "0"): text.append(0)
        case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): text.append(byte)
        case 0x0A: break
        case UInt8(ascii: "x"): try scalar(digits: 2, into: &text)
        case UInt8(ascii: "u"): try scalar(digits: 4, into: &text)
        case UInt8(ascii: "U"): try scalar(digits: 8, into: &text)
        default: text += [UInt8(ascii: "\\"), byte]
        }
    }

    private mutating func scalar(digits: Int, into text: inout [UInt8]) throws(ChatTemplateError) {
        let code = String(decoding: source[index...].prefix(digits), as: UTF8.self)
        guard code.utf8.count == digits, let value = UInt32(code, radix: 16), let scalar = Unicode.Scalar(value)
        else { throw .syntax("an escape does not name a character", position) }
        index += digits
        text += Array(String(Character(scalar)).utf8)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isName(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "_")
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}
