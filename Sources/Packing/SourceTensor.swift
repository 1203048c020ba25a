// SPDX-License-Identifier: Apache-2.0
internal import Checkpoints

/// A tensor of a checkpoint, and what it takes to get from its rows to those that an artefact wants.
struct SourceTensor {
    /// The name in the checkpoint, for messages.
    let name: String
    /// How its numbers are stored.
    let type: TensorType
    /// One to four sizes; the first is the one whose numbers lie side by side.
    private(set) var dimensions: [Int]
    /// In which order the rows are taken; of a vector, the numbers.
    var rowOrder = RowOrder.asStored
    /// What is added to each number of a vector.
    var addend: Float = 0

    /// The tensors of which this is the stack, each of as many bytes; one for most.
    private let parts: [UnsafeRawBufferPointer]
    private var firstRow = 0
    private let computed: ComputedNumbers?

    /// A tensor as it is in the checkpoint.
    init(_ tensor: CheckpointTensor) {
        name = tensor.name
        type = tensor.type
        dimensions = tensor.dimensions
        parts = [tensor.data]
        computed = nil
    }

    /// Matrices of one shape and type as a tensor with one more dimension.
    init(stacking tensors: [CheckpointTensor], name: String) throws(PackError) {
        guard let first = tensors.first else { preconditionFailure("a stack of nothing") }
        if let other = tensors.first(where: { $0.type != first.type || $0.dimensions != first.dimensions }) {
            throw .wrongShape(tensor: other.name, found: other.dimensions, expected: first.dimensions)
        }
        self.name = name
        type = first.type
        dimensions = first.dimensions + [tensors.count]
        parts = tensors.map(\.data)
        computed = nil
    }

    /// A vector that no file holds, since it follows from the settings.
    init(computed numbers: [Float], name: String) {
        let storage = ComputedNumbers(numbers)
        self.name = name
        type = .f32
        dimensions = [numbers.count]
        parts = [storage.bytes]
        computed = storage
    }

    /// Whether it follows from the settings.
    var isComputed: Bool { computed != nil }
    /// Numbers of a row.
    var columns: Int { dimensions.first ?? 0 }
    /// Rows of all other dimensions together; 1 for a vector.
    var rows: Int { dimensions.dropFirst().reduce(1, *) }
    /// All numbers.
    var elementCount: Int { dimensions.reduce(1, *) }
    /// Bytes of all rows.
    var byteCount: Int { rows * rowByteCount }
    /// Bytes of one row.
    var rowByteCount: Int { columns / type.blockElementCount * type.blockByteCount }

    /// A part of a matrix, such as the keys in one of queries, keys and values. The rows lie inside.
    func slice(_ range: Range<Int>) -> SourceTensor {
        precondition(dimensions.count == 2 && 0 <= range.lowerBound && range.upperBound <= rows, "no such rows")
        var slice = self
        slice.firstRow += range.lowerBound
        slice.dimensions = [columns, range.count]
        return slice
    }

    /// Consecutive rows, those of the checkpoint where they lie side by side there, else copies in `room`, which has
    /// bytes for all of them.
    func bytes(ofRows range: Range<Int>, room: UnsafeMutableRawBufferPointer) -> UnsafeRawBufferPointer {
        let size = rowByteCount
        if rowOrder == .asStored, parts.count == 1 {
            let start = (firstRow + range.lowerBound) * size
            return UnsafeRawBufferPointer(rebasing: parts[0][start..<start + range.count * size])
        }
        for (place, row) in range.enumerated() {
            UnsafeMutableRawBufferPointer(rebasing: room[place * size..<(place + 1) * size]).copyMemory(
                from: bytes(row))
        }
        return UnsafeRawBufferPointer(rebasing: room[0..<range.count * size])
    }

    /// The numbers of a vector, which no file stores quantised.
    func numbers() throws(PackError) -> [Float] {
        let read: (UnsafeRawBufferPointer, Int) -> Float
        switch type {
        case .f32: read = { Float(bitPattern: Self.load($0, 4 * $1)) }
        case .f16: read = { Float(Float16(bitPattern: Self.load($0, 2 * $1))) }
        case .bf16: read = { Float(bitPattern: UInt32(Self.load($0, 2 * $1) as UInt16) << 16) }
        default: throw .unsupportedProperty("vector '\(name)' of type \(type.name) (it may be F32, F16 or BF16)")
        }
        return (0..<columns).map { read(parts[0], rowOrder.stored($0)) + addend }
    }

    private func bytes(_ row: Int) -> UnsafeRawBufferPointer {
        let size = rowByteCount
        let row = firstRow + rowOrder.stored(row)
        let rowsOfPart = parts[0].count / size
        let start = row % rowsOfPart * size
        return UnsafeRawBufferPointer(rebasing: parts[row / rowsOfPart][start..<start + size])
    }

    private static func load<Number: FixedWidthInteger>(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Number {
        Number(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
    }
}

/// Memory of numbers that no file holds.
private final class ComputedNumbers {
    let bytes: UnsafeRawBufferPointer

    init(_ numbers: [Float]) {
        let memory = UnsafeMutableBufferPointer<Float>.allocate(capacity: numbers.count)
        _ = memory.initialize(from: numbers)
        bytes = UnsafeRawBufferPointer(memory)
    }

    deinit { bytes.deallocate() }
}
