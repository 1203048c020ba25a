// SPDX-License-Identifier: Apache-2.0

/// A GGUF checkpoint of version 2 or 3 over mapped bytes.
///
/// The file may come from anyone: every length, count, offset and type is checked here, with limits far above those
/// of real files, so that later readers can take tensors and metadata at their word. The bytes must stay mapped.
package struct GGUFFile {
    private static let signature: UInt32 = 0x4655_4747
    private static let maxTensors = 1 << 16
    private static let longestTensorName = 256
    private static let defaultAlignment = 32

    /// Everything that is not a tensor.
    package let metadata: GGUFMetadata
    /// The tensors in the file's order; their names are unique.
    package let tensors: [CheckpointTensor]
    private let places: [String: Int]

    /// A tensor's record, before the place of the data is known.
    private struct Record {
        let name: String
        let type: TensorType
        let dimensions: [Int]
        let byteCount: Int
        let offset: UInt64
    }

    /// Reads and checks everything but the numbers of the tensors.
    package init(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
        var cursor = GGUFCursor(bytes)
        try Self.checkIdentity(&cursor)
        let tensorCount = try cursor.count("tensor count", limit: Self.maxTensors)
        let metadataCount = try cursor.count("metadata count", limit: 1 << 20)
        metadata = try GGUFMetadata(&cursor, count: metadataCount)
        let alignment = try Self.alignment(metadata)

        var records: [Record] = []
        for index in 0..<tensorCount { records.append(try Self.record(index, &cursor)) }

        let unaligned = cursor.position % alignment
        let dataStart = cursor.position + (unaligned == 0 ? 0 : alignment - unaligned)
        var tensors: [CheckpointTensor] = []
        var places: [String: Int] = [:]
        for record in records {
            guard places.updateValue(tensors.count, forKey: record.name) == nil else {
                throw .invalidField("tensor '\(record.name)'", problem: "is given twice")
            }
            tensors.append(try Self.tensor(record, in: bytes, dataStart: dataStart, alignment: alignment))
        }
        self.tensors = tensors
        self.places = places
    }

    /// The tensor of a name; nil where the file has none.
    package func tensor(named name: String) -> CheckpointTensor? {
        places[name].map { tensors[$0] }
    }

    private static func checkIdentity(_ cursor: inout GGUFCursor) throws(CheckpointError) {
        guard let found = try? cursor.number("signature", as: UInt32.self), found == signature else {
            throw .notGGUF
        }
        let version: UInt32 = try cursor.number("version")
        guard version == 2 || version == 3 else {
            let isForeign = [2, 3].contains(version.byteSwapped)
            throw .unsupportedVersion(isForeign ? "GGUF in big-endian order" : "GGUF version \(version)")
        }
    }

    private static func alignment(_ metadata: GGUFMetadata) throws(CheckpointError) -> Int {
        let alignment = try metadata.integer("general.alignment") ?? defaultAlignment
        guard (1...65_536).contains(alignment), alignment & (alignment - 1) == 0 else {
            throw .invalidField("general.alignment", problem: "is \(alignment), not a power of two up to 65536")
        }
        return alignment
    }

    private static func record(_ index: Int, _ cursor: inout GGUFCursor) throws(CheckpointError) -> Record {
        let nameBytes = try cursor.string("name of tensor \(index)", limit: longestTensorName)
        let name = try text(nameBytes, "name of tensor \(index)")
        let count: UInt32 = try cursor.number("dimension count of tensor '\(name)'")
        guard (1...4).contains(count) else {
            throw .invalidField("dimension count of tensor '\(name)'", problem: "is \(count), not 1 to 4")
        }
        var dimensions: [Int] = []
        var elements = 1
        for _ in 0..<count {
            let size = try cursor.count("dimension of tensor '\(name)'", limit: 1 << 40)
            let (product, overflow) = elements.multipliedReportingOverflow(by: size)
            guard size > 0, !overflow else {
                throw .invalidField("dimension of tensor '\(name)'", problem: "is \(size), which is impossible here")
            }
            elements = product
            dimensions.append(size)
        }
        let type = try TensorType(try cursor.number("type of tensor '\(name)'"), tensor: name)
        guard dimensions[0] % type.blockElementCount == 0 else {
            throw .invalidField(
                "dimension of tensor '\(name)'",
                problem: "is \(dimensions[0]), not a multiple of the \(type.blockElementCount) of \(type.name)")
        }
        let (byteCount, overflow) = (elements / type.blockElementCount).multipliedReportingOverflow(
            by: type.blockByteCount)
        guard !overflow else {
            throw .invalidField("size of tensor '\(name)'", problem: "is larger than any memory")
        }
        let offset: UInt64 = try cursor.number("offset of tensor '\(name)'")
        return Record(name: name, type: type, dimensions: dimensions, byteCount: byteCount, offset: offset)
    }

    private static func tensor(
        _ record: Record, in bytes: UnsafeRawBufferPointer, dataStart: Int, alignment: Int
    ) throws(CheckpointError) -> CheckpointTensor {
        guard record.offset % UInt64(alignment) == 0 else {
            throw .invalidField(
                "offset of tensor '\(record.name)'", problem: "is \(record.offset), not a multiple of \(alignment)")
        }
        let available = bytes.count - dataStart
        guard available >= 0, record.offset <= UInt64(available),
            record.byteCount <= available - Int(record.offset)
        else { throw .truncated(field: "tensor '\(record.name)'") }
        let start = dataStart + Int(record.offset)
        return CheckpointTensor(
            name: record.name, type: record.type, dimensions: record.dimensions,
            data: UnsafeRawBufferPointer(rebasing: bytes[start..<start + record.byteCount]))
    }
}
