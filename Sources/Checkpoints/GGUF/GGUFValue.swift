// SPDX-License-Identifier: Apache-2.0

/// The types of metadata values, numbered as in the file.
enum GGUFValueType: UInt32 {
    case uint8 = 0
    case int8 = 1
    case uint16 = 2
    case int16 = 3
    case uint32 = 4
    case int32 = 5
    case float32 = 6
    case boolean = 7
    case string = 8
    case array = 9
    case uint64 = 10
    case int64 = 11
    case float64 = 12

    /// Bytes of a value; nil for strings and arrays, whose size stands in the file.
    var size: Int? {
        switch self {
        case .uint8, .int8, .boolean: 1
        case .uint16, .int16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64: 8
        case .string, .array: nil
        }
    }
}

/// A metadata value. Strings and arrays stay in the mapped file until they are asked for.
enum GGUFValue {
    case integer(Int64)
    case unsigned(UInt64)
    case float(Double)
    case boolean(Bool)
    case string(UnsafeRawBufferPointer)
    /// Elements of one type, one after the other; strings with their lengths before them.
    case array(GGUFValueType, count: Int, elements: UnsafeRawBufferPointer)

    /// More elements than any vocabulary or list of merges has.
    static let maxElements = 1 << 22

    /// Reads a value of a type.
    init(
        _ type: GGUFValueType, _ cursor: inout GGUFCursor, _ field: @autoclosure () -> String
    ) throws(CheckpointError) {
        switch type {
        case .uint8: self = .unsigned(UInt64(try cursor.number(field(), as: UInt8.self)))
        case .uint16: self = .unsigned(UInt64(try cursor.number(field(), as: UInt16.self)))
        case .uint32: self = .unsigned(UInt64(try cursor.number(field(), as: UInt32.self)))
        case .uint64: self = .unsigned(try cursor.number(field()))
        case .int8: self = .integer(Int64(try cursor.number(field(), as: Int8.self)))
        case .int16: self = .integer(Int64(try cursor.number(field(), as: Int16.self)))
        case .int32: self = .integer(Int64(try cursor.number(field(), as: Int32.self)))
        case .int64: self = .integer(try cursor.number(field()))
        case .float32: self = .float(Double(Float(bitPattern: try cursor.number(field()))))
        case .float64: self = .float(Double(bitPattern: try cursor.number(field())))
        case .boolean: self = .boolean(try cursor.number(field(), as: UInt8.self) != 0)
        case .string: self = .string(try cursor.string(field()))
        case .array: self = try Self.array(&cursor, field())
        }
    }

    private static func array(
        _ cursor: inout GGUFCursor, _ field: @autoclosure () -> String
    ) throws(CheckpointError) -> GGUFValue {
        let number: UInt32 = try cursor.number("\(field())'s element type")
        guard let type = GGUFValueType(rawValue: number), type != .array else {
            throw .invalidField("\(field())'s element type", problem: "is \(number), which is not read")
        }
        let count = try cursor.count("\(field())'s element count", limit: maxElements)
        if let size = type.size {
            return .array(type, count: count, elements: try cursor.take(count * size, field()))
        }
        var ahead = cursor
        for _ in 0..<count { _ = try ahead.string(field()) }
        let elements = try cursor.take(ahead.position - cursor.position, field())
        return .array(type, count: count, elements: elements)
    }
}
