// SPDX-License-Identifier: Apache-2.0

/// Builds GGUF files in memory for tests, valid or deliberately not.
package struct GGUFBuilder {
    private var metadata: [UInt8] = []
    private var metadataCount = 0
    private var records: [UInt8] = []
    private var tensorCount = 0
    private var data: [UInt8] = []
    /// The version in the header.
    package var version: UInt32 = 3

    /// A file without metadata and tensors.
    package init() {}

    /// A number as the file holds it.
    package static func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }

    /// A text with its length.
    package static func string(_ text: String) -> [UInt8] {
        bytes(UInt64(text.utf8.count)) + Array(text.utf8)
    }

    /// Adds a metadata entry from its type's number and its raw value.
    package mutating func add(_ key: String, type: UInt32, _ value: [UInt8]) {
        metadata += Self.string(key) + Self.bytes(type) + value
        metadataCount += 1
    }

    /// Adds a text.
    package mutating func add(_ key: String, _ value: String) { add(key, type: 8, Self.string(value)) }
    /// Adds a whole number.
    package mutating func add(_ key: String, _ value: UInt32) { add(key, type: 4, Self.bytes(value)) }
    /// Adds a float.
    package mutating func add(_ key: String, _ value: Float) { add(key, type: 6, Self.bytes(value.bitPattern)) }
    /// Adds a truth value.
    package mutating func add(_ key: String, _ value: Bool) { add(key, type: 7, [value ? 1 : 0]) }

    /// Adds a list of texts.
    package mutating func add(_ key: String, _ values: [String]) {
        add(key, type: 9, Self.bytes(UInt32(8)) + Self.bytes(UInt64(values.count)) + values.flatMap(Self.string))
    }

    /// Adds a list of whole numbers.
    package mutating func add(_ key: String, _ values: [Int32]) {
        add(key, type: 9, Self.bytes(UInt32(5)) + Self.bytes(UInt64(values.count)) + values.flatMap(Self.bytes))
    }

    /// Adds a tensor with its bytes.
    package mutating func addTensor(_ name: String, _ dimensions: [UInt64], type: UInt32, _ bytes: [UInt8]) {
        addTensor(name, dimensions, type: type, offset: UInt64(data.count))
        data += bytes
        while data.count % 32 != 0 { data.append(0) }
    }

    /// Adds a tensor's record that points anywhere.
    package mutating func addTensor(_ name: String, _ dimensions: [UInt64], type: UInt32, offset: UInt64) {
        records += Self.string(name) + Self.bytes(UInt32(dimensions.count)) + dimensions.flatMap(Self.bytes)
        records += Self.bytes(type) + Self.bytes(offset)
        tensorCount += 1
    }

    /// The whole file; counts can be forged.
    package func file(tensorCount: UInt64? = nil, metadataCount: UInt64? = nil) -> [UInt8] {
        var file = Array("GGUF".utf8) + Self.bytes(version)
        file += Self.bytes(tensorCount ?? UInt64(self.tensorCount))
        file += Self.bytes(metadataCount ?? UInt64(self.metadataCount))
        file += metadata + records
        while file.count % 32 != 0 { file.append(0) }
        return file + data
    }
}
