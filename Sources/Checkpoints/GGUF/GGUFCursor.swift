// SPDX-License-Identifier: Apache-2.0

/// Reads a GGUF file from its beginning, and never beyond its end.
struct GGUFCursor {
    /// The longest string: chat templates and licences are far below it.
    static let longestString = 1 << 24

    private let bytes: UnsafeRawBufferPointer
    /// Where the next field begins.
    private(set) var position = 0

    /// A cursor at the beginning of a file.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// The next number, little-endian.
    mutating func number<Number: FixedWidthInteger>(
        _ field: @autoclosure () -> String, as type: Number.Type = Number.self
    ) throws(CheckpointError) -> Number {
        let size = MemoryLayout<Number>.size
        guard size <= bytes.count - position else { throw .truncated(field: field()) }
        let value = bytes.loadUnaligned(fromByteOffset: position, as: type)
        position += size
        return Number(littleEndian: value)
    }

    /// The next count, which must lie within a limit.
    mutating func count(
        _ field: @autoclosure () -> String, limit: Int
    ) throws(CheckpointError) -> Int {
        let value = try number(field(), as: UInt64.self)
        guard value <= UInt64(limit) else {
            throw .invalidField(field(), problem: "is \(value), more than the \(limit) that are allowed")
        }
        return Int(value)
    }

    /// The bytes of the next string, of at most `limit` bytes.
    mutating func string(
        _ field: @autoclosure () -> String, limit: Int = longestString
    ) throws(CheckpointError) -> UnsafeRawBufferPointer {
        let size = try count("\(field())'s length", limit: limit)
        return try take(size, field())
    }

    /// The next `size` bytes.
    mutating func take(
        _ size: Int, _ field: @autoclosure () -> String
    ) throws(CheckpointError) -> UnsafeRawBufferPointer {
        guard size <= bytes.count - position else { throw .truncated(field: field()) }
        defer { position += size }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + size])
    }
}

/// The text of bytes that must be UTF-8.
func text(
    _ bytes: UnsafeRawBufferPointer, _ field: @autoclosure () -> String
) throws(CheckpointError) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
        throw .invalidField(field(), problem: "is not UTF-8")
    }
    return text
}
