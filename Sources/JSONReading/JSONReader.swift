// SPDX-License-Identifier: Apache-2.0

/// Reads JSON that may come from anyone: depth, number of values and sizes are bounded.
package struct JSONReader {
    private static let deepest = 64
    private static let maxValues = 8 << 20
    private static let longestNumber = 400

    private let bytes: UnsafeRawBufferPointer
    private var index = 0
    private var values = 0

    /// The value that a text holds.
    package static func read(_ text: [UInt8]) throws(JSONError) -> JSONValue {
        let result = text.withUnsafeBytes { bytes -> Result<JSONValue, JSONError> in
            do throws(JSONError) { return .success(try read(bytes)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// The value that a file's bytes hold.
    package static func read(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> JSONValue {
        var reader = JSONReader(bytes: bytes)
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.index == bytes.count else { throw reader.error("something follows the value") }
        return value
    }

    private init(bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    private func error(_ problem: String) -> JSONError {
        JSONError(problem: problem, offset: index)
    }

    private var current: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func skipSpace() {
        while let byte = current, [0x20, 0x0A, 0x0D, 0x09].contains(byte) { index += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard current == byte else { return false }
        index += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(JSONError) {
        guard take(UInt8(ascii: character)) else { throw error("'\(character)' is missing") }
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        values += 1
        guard depth < Self.deepest else { throw error("values are nested more than \(Self.deepest) deep") }
        guard values <= Self.maxValues else { throw error("there are more than \(Self.maxValues) values") }
        skipSpace()
        switch current {
        case UInt8(ascii: "{"): return try object(depth)
        case UInt8(ascii: "["): return try list(depth)
        case UInt8(ascii: "\""): return .text(try text())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        let size = text.utf8CodeUnitCount
        guard size <= bytes.count - index, (0..<size).allSatisfy({ bytes[index + $0] == text.utf8Start[$0] })
        else { throw error("a value is misspelt") }
        index += size
        return value
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = index
        if current == UInt8(ascii: "-") { index += 1 }
        let first = current
        let whole = skipDigits()
        guard whole == 1 || whole > 1 && first != UInt8(ascii: "0") else {
            throw error("a value is missing or no number")
        }
        var isWhole = true
        if current == UInt8(ascii: ".") {
            isWhole = false
            index += 1
            guard skipDigits() > 0 else { throw error("a number ends early") }
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            isWhole = false
            index += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { index += 1 }
            guard skipDigits() > 0 else { throw error("a number ends early") }
        }
        guard index - start <= Self.longestNumber else { throw error("a number is too long") }
        let digits = String(decoding: bytes[start..<index], as: UTF8.self)
        if isWhole, let number = Int(digits) { return .integer(number) }
        if isWhole, let number = UInt64(digits) { return .unsigned(number) }
        guard let number = Double(digits), number.isFinite else { throw error("a number is too large") }
        return .fraction(number)
    }

    private mutating func skipDigits() -> Int {
        let start = index
        while let byte = current, (0x30...0x39).contains(byte) { index += 1 }
        return index - start
    }

    private mutating func list(_ depth: Int) throws(JSONError) -> JSONValue {
        index += 1
        var elements: [JSONValue] = []
        if take(UInt8(ascii: "]")) { return .list(elements) }
        repeat { elements.append(try value(depth: depth + 1)) } while take(UInt8(ascii: ","))
        try expect("]")
        return .list(elements)
    }

    private mutating func object(_ depth: Int) throws(JSONError) -> JSONValue {
        index += 1
        var members: [JSONMember] = []
        if take(UInt8(ascii: "}")) { return .object(members) }
        repeat {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw error("a name is missing") }
            let name = try text()
            try expect(":")
            members.append(JSONMember(name: name, value: try value(depth: depth + 1)))
        } while take(UInt8(ascii: ","))
        try expect("}")
        return .object(members)
    }

    private mutating func text() throws(JSONError) -> String {
        index += 1
        var result: [UInt8] = []
        while let byte = current {
            index += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: result, as: UTF8.self) else {
                    throw error("a text is no UTF-8")
                }
                return text
            case UInt8(ascii: "\\"): try escape(into: &result)
            case 0..<0x20: throw error("a text holds a control character that is not escaped")
            default: result.append(byte)
            }
        }
        throw error("a text has no end")
    }

    private mutating func escape(into result: inout [UInt8]) throws(JSONError) {
        guard let byte = current else { throw error("a text has no end") }
        index += 1
        switch byte {
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(byte)
        case UInt8(ascii: "u"):
            guard let scalar = Unicode.Scalar(try codePoint()) else {
                throw error("a text holds one half of a surrogate pair")
            }
            result.append(contentsOf: Array(String(scalar).utf8))
        default: throw error("an escape is unknown")
        }
    }

    private mutating func codePoint() throws(JSONError) -> UInt32 {
        let high = try hexadecimal()
        guard (0xD800..<0xDC00).contains(high) else { return high }
        guard index + 2 <= bytes.count, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u")
        else { throw error("a text holds one half of a surrogate pair") }
        index += 2
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low) else { throw error("a text holds one half of a surrogate pair") }
        return 0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt32 {
        let end = index + 4
        // A sign would pass for a digit where text becomes a number.
        guard end <= bytes.count, bytes[index] != UInt8(ascii: "+"), bytes[index] != UInt8(ascii: "-"),
            let value = UInt32(String(decoding: bytes[index..<end], as: UTF8.self), radix: 16)
        else { throw error("an escape is not four digits") }
        index += 4
        return value
    }
}
