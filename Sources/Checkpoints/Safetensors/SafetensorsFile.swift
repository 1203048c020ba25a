// SPDX-License-Identifier: Apache-2.0
internal import JSONReading

/// A file of safetensors over mapped bytes, which must stay mapped.
///
/// It begins with the size of a JSON object as eight bytes; the object gives type, shape and place of each tensor; then
/// come the numbers. The tensors must fill them without a gap or an overlap, as the format asks for. The file may come
/// from anyone: everything is checked here.
package struct SafetensorsFile {
    private static let longestHeader = 100_000_000
    private static let maxTensors = 1 << 20
    private static let longestTensorName = 512

    /// The tensors by their names.
    package let tensors: [String: CheckpointTensor]

    /// Where a tensor's numbers lie.
    private struct Place {
        let name: String
        let start: Int
        let end: Int
    }

    /// Reads and checks everything but the numbers. Tensors that `ignores` names may have any type and are left out.
    ///
    /// - Parameter file: the file's name, for messages.
    package init(
        _ bytes: UnsafeRawBufferPointer, file: String, ignores: (String) -> Bool = { _ in false }
    ) throws(CheckpointError) {
        guard bytes.count >= 8 else { throw .truncated(field: "the header's size in \(file)") }
        let size = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard size <= UInt64(Self.longestHeader) else {
            throw .invalidField("header in \(file)", problem: "has \(size) bytes, more than any model needs")
        }
        guard Int(size) <= bytes.count - 8 else { throw .truncated(field: "the header in \(file)") }
        let header = try Self.header(UnsafeRawBufferPointer(rebasing: bytes[8..<8 + Int(size)]), file)
        let data = UnsafeRawBufferPointer(rebasing: bytes[(8 + Int(size))...])
        var tensors: [String: CheckpointTensor] = [:]
        var places: [Place] = []
        for member in header where member.name != "__metadata__" {
            let (name, entry) = (member.name, member.value)
            let place = try Self.place(of: name, entry, in: data)
            places.append(place)
            if ignores(name) { continue }
            tensors[name] = try Self.tensor(place, entry, in: data)
        }
        try Self.check(places, cover: data.count, file)
        self.tensors = tensors
    }

    private static func header(
        _ bytes: UnsafeRawBufferPointer, _ file: String
    ) throws(CheckpointError) -> [JSONMember] {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONReader.read(bytes)
        } catch {
            throw .invalidField("header in \(file)", problem: "is no JSON: \(error)")
        }
        guard let header = value.object else { throw .invalidField("header in \(file)", problem: "is no JSON object") }
        guard header.count <= maxTensors else {
            throw .invalidField("header in \(file)", problem: "names \(header.count) tensors, more than \(maxTensors)")
        }
        return header
    }

    private static func place(
        of name: String, _ entry: JSONValue, in data: UnsafeRawBufferPointer
    ) throws(CheckpointError) -> Place {
        guard (1...longestTensorName).contains(name.utf8.count) else {
            throw .invalidField(
                "tensor name '\(name.prefix(64))'", problem: "is not 1 to \(longestTensorName) bytes long")
        }
        let offsets = entry["data_offsets"]?.list?.compactMap(\.count) ?? []
        guard offsets.count == 2, entry["data_offsets"]?.list?.count == 2, offsets[0] <= offsets[1] else {
            throw .invalidField("data_offsets of tensor '\(name)'", problem: "are not a beginning and an end")
        }
        guard offsets[1] <= data.count else { throw .truncated(field: "tensor '\(name)'") }
        return Place(name: name, start: offsets[0], end: offsets[1])
    }

    private static func tensor(
        _ place: Place, _ entry: JSONValue, in data: UnsafeRawBufferPointer
    ) throws(CheckpointError) -> CheckpointTensor {
        let name = place.name
        let types: [String: TensorType] = ["F32": .f32, "F16": .f16, "BF16": .bf16]
        let written = entry["dtype"]?.text ?? "no type"
        guard let type = types[written] else {
            throw .unsupportedTensorType(tensor: name, type: written, known: "F32, F16, BF16")
        }
        guard let sizes = entry["shape"]?.list, sizes.count <= 4 else {
            throw .invalidField("shape of tensor '\(name)'", problem: "is not a list of at most 4 sizes")
        }
        var dimensions: [Int] = []
        var byteCount = type.blockByteCount
        for size in sizes.reversed() {
            guard let size = size.count, size > 0 else {
                throw .invalidField("shape of tensor '\(name)'", problem: "has a size that is no positive number")
            }
            let (product, overflow) = byteCount.multipliedReportingOverflow(by: size)
            guard !overflow else {
                throw .invalidField("shape of tensor '\(name)'", problem: "is larger than any memory")
            }
            byteCount = product
            dimensions.append(size)
        }
        guard byteCount == place.end - place.start else {
            throw .invalidField(
                "data_offsets of tensor '\(name)'",
                problem: "hold \(place.end - place.start) bytes, and its shape needs \(byteCount)")
        }
        return CheckpointTensor(
            name: name, type: type, dimensions: dimensions.isEmpty ? [1] : dimensions,
            data: UnsafeRawBufferPointer(rebasing: data[place.start..<place.end]))
    }

    private static func check(_ places: [Place], cover size: Int, _ file: String) throws(CheckpointError) {
        var position = 0
        for place in places.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
            guard place.start == position else {
                throw .invalidField(
                    "data_offsets of tensor '\(place.name)'",
                    problem: "begin at \(place.start), and the tensor before it ends at \(position)")
            }
            position = place.end
        }
        guard position == size else {
            throw .invalidField("file \(file)", problem: "has \(size - position) bytes behind its last tensor")
        }
    }
}
