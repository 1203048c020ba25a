// SPDX-License-Identifier: Apache-2.0

/// The metadata of a GGUF file with typed access. A key that is absent gives nil; a value of another type than the one
/// that was asked for is an error that names the key.
package struct GGUFMetadata {
    private static let maxEntries = 1 << 16
    private static let longestKey = 1 << 16

    private var values: [String: GGUFValue] = [:]

    /// Reads `count` entries.
    init(_ cursor: inout GGUFCursor, count: Int) throws(CheckpointError) {
        guard count <= Self.maxEntries else {
            throw .invalidField(
                "metadata count", problem: "is \(count), more than the \(Self.maxEntries) that are allowed")
        }
        for index in 0..<count {
            let key = try text(
                try cursor.string("metadata key \(index)", limit: Self.longestKey), "metadata key \(index)")
            let number: UInt32 = try cursor.number("type of metadata '\(key)'")
            guard let type = GGUFValueType(rawValue: number) else {
                throw .invalidField("type of metadata '\(key)'", problem: "is \(number), which is not read")
            }
            let value = try GGUFValue(type, &cursor, "metadata '\(key)'")
            guard values.updateValue(value, forKey: key) == nil else {
                throw .invalidField("metadata '\(key)'", problem: "is given twice")
            }
        }
    }

    /// A text.
    package func string(_ key: String) throws(CheckpointError) -> String? {
        guard let value = values[key] else { return nil }
        guard case .string(let bytes) = value else { throw .wrongMetadataType(key: key, expected: "a text") }
        return try text(bytes, "metadata '\(key)'")
    }

    /// A whole number of any of the file's integer types.
    package func integer(_ key: String) throws(CheckpointError) -> Int? {
        switch values[key] {
        case nil: return nil
        case .integer(let value): return Int(value)
        case .unsigned(let value):
            if let value = Int(exactly: value) { return value }
        default: break
        }
        throw .wrongMetadataType(key: key, expected: "a whole number")
    }

    /// A number of any numeric type.
    package func float(_ key: String) throws(CheckpointError) -> Double? {
        switch values[key] {
        case nil: return nil
        case .float(let value): return value
        case .integer(let value): return Double(value)
        case .unsigned(let value): return Double(value)
        default: throw .wrongMetadataType(key: key, expected: "a number")
        }
    }

    /// A truth value.
    package func boolean(_ key: String) throws(CheckpointError) -> Bool? {
        guard let value = values[key] else { return nil }
        guard case .boolean(let truth) = value else {
            throw .wrongMetadataType(key: key, expected: "true or false")
        }
        return truth
    }

    /// A list of texts.
    package func strings(_ key: String) throws(CheckpointError) -> [String]? {
        guard let value = values[key] else { return nil }
        guard case .array(.string, let count, let elements) = value else {
            throw .wrongMetadataType(key: key, expected: "a list of texts")
        }
        var cursor = GGUFCursor(elements)
        var result: [String] = []
        result.reserveCapacity(count)
        for index in 0..<count {
            let field = "metadata '\(key)'"
            result.append(try text(try cursor.string(field), "\(field), element \(index),"))
        }
        return result
    }

    /// A list of whole numbers.
    package func integers(_ key: String) throws(CheckpointError) -> [Int]? {
        guard let value = values[key] else { return nil }
        guard case .array(let type, let count, let elements) = value, type.size != nil else {
            throw .wrongMetadataType(key: key, expected: "a list of whole numbers")
        }
        var cursor = GGUFCursor(elements)
        var result: [Int] = []
        result.reserveCapacity(count)
        for _ in 0..<count {
            switch try GGUFValue(type, &cursor, "metadata '\(key)'") {
            case .integer(let value): result.append(Int(value))
            case .unsigned(let value) where value <= UInt64(Int.max): result.append(Int(value))
            default: throw .wrongMetadataType(key: key, expected: "a list of whole numbers")
            }
        }
        return result
    }

    /// A list of truth values, which may be written as numbers; nil where there is a single one.
    package func flags(_ key: String) throws(CheckpointError) -> [Bool]? {
        guard let value = values[key], case .array(let type, let count, let elements) = value else { return nil }
        guard type.size != nil else { throw .wrongMetadataType(key: key, expected: "a list of truth values") }
        var cursor = GGUFCursor(elements)
        var result: [Bool] = []
        result.reserveCapacity(count)
        for _ in 0..<count {
            switch try GGUFValue(type, &cursor, "metadata '\(key)'") {
            case .boolean(let truth): result.append(truth)
            case .integer(let number): result.append(number != 0)
            case .unsigned(let number): result.append(number != 0)
            default: throw .wrongMetadataType(key: key, expected: "a list of truth values")
            }
        }
        return result
    }

    /// A list of floating-point numbers.
    package func floats(_ key: String) throws(CheckpointError) -> [Double]? {
        guard let value = values[key] else { return nil }
        guard case .array(let type, let count, let elements) = value, type.size != nil else {
            throw .wrongMetadataType(key: key, expected: "a list of numbers")
        }
        var cursor = GGUFCursor(elements)
        var result: [Double] = []
        result.reserveCapacity(count)
        for _ in 0..<count {
            guard case .float(let number) = try GGUFValue(type, &cursor, "metadata '\(key)'") else {
                throw .wrongMetadataType(key: key, expected: "a list of floating-point numbers")
            }
            result.append(number)
        }
        return result
    }
}
