// SPDX-License-Identifier: Apache-2.0
package import CFlowKernels
import Glibc

/// Rows of activations: vectors of one width, one for each row of a step.
package struct ActivationRows: @unchecked Sendable {
    /// The first number, aligned to 64 bytes.
    package let start: UnsafeMutablePointer<Float>
    /// Numbers from one row to the next, with room for whole panels of outputs.
    package let stride: Int

    /// The first number of a row.
    package subscript(row: Int) -> UnsafeMutablePointer<Float> { start + row * stride }
}

/// Rows of quantised activations; rows without blocks where nothing needs them.
package struct QuantisedRows: @unchecked Sendable {
    /// The first block.
    package let start: UnsafeMutablePointer<flow_block>
    /// Blocks from one row to the next.
    package let stride: Int
    /// Blocks of each row, 0 where the rows are not used.
    package let count: Int

    /// The first block of a row.
    package subscript(row: Int) -> UnsafeMutablePointer<flow_block> { start + row * stride }
}

/// What matrices are multiplied with: rows of floats, and the same rows quantised where a matrix needs that.
package struct Operand: Sendable {
    package let floats: ActivationRows
    package let blocks: QuantisedRows

    /// Quantises a range of a row's numbers, both ends multiples of 32, after they were written; nothing where no
    /// matrix needs it.
    package func quantise(row: Int, _ range: Range<Int>) {
        guard blocks.count > 0 else { return }
        flow_quantise(
            floats[row] + range.lowerBound, range.count, blocks[row] + range.lowerBound / Int(FLOW_BLOCK_NUMBERS))
    }
}

/// Rows of one width.
package struct ActivationShape: Sendable {
    package let rows: Int
    package let width: Int

    package init(rows: Int, width: Int) {
        self.rows = rows
        self.width = width
    }
}

/// One private mapping that holds the activations of a forward pass. The kernel gives pages when rows first use them,
/// so that a large `maximumRows` costs nothing by itself.
package final class ActivationMemory {
    private let memory: UnsafeMutableRawPointer
    private let byteCount: Int
    private var used = 0

    /// Memory for arrays of numbers and for arrays of blocks.
    package init(arrays: [ActivationShape], blocks: [ActivationShape] = []) throws(LanguageModelError) {
        byteCount =
            arrays.reduce(0) { $0 + $1.rows * Self.stride(of: $1.width) * MemoryLayout<Float>.size }
            + blocks.reduce(0) { $0 + Self.quantisedBytes($1) }
        let result = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let result, result != MAP_FAILED else { throw .activations(bytes: byteCount, errno: errno) }
        memory = result
    }

    deinit { munmap(memory, byteCount) }

    /// The next array; the sequence of calls follows the shapes that were given.
    package func take(_ shape: ActivationShape) -> ActivationRows {
        let stride = Self.stride(of: shape.width)
        let bytes = shape.rows * stride * MemoryLayout<Float>.size
        precondition(bytes <= byteCount - used, "more activations are taken than were mapped")
        defer { used += bytes }
        return ActivationRows(
            start: (memory + used).bindMemory(to: Float.self, capacity: shape.rows * stride), stride: stride)
    }

    /// The next array of blocks, for vectors of a width that is a multiple of 32 or 0; after all arrays of floats.
    package func takeQuantised(_ shape: ActivationShape) -> QuantisedRows {
        let bytes = Self.quantisedBytes(shape)
        precondition(bytes <= byteCount - used, "more activations are taken than were mapped")
        defer { used += bytes }
        let count = shape.width / Int(FLOW_BLOCK_NUMBERS)
        let start = (memory + used).bindMemory(to: flow_block.self, capacity: bytes / MemoryLayout<flow_block>.stride)
        return QuantisedRows(start: start, stride: count + 1, count: count)
    }

    /// One block more for each row, so that rows do not all fall into the same sets of the cache.
    private static func quantisedBytes(_ shape: ActivationShape) -> Int {
        let blocks = shape.width == 0 ? 0 : shape.rows * (shape.width / Int(FLOW_BLOCK_NUMBERS) + 1)
        return (blocks * MemoryLayout<flow_block>.stride + 63) / 64 * 64
    }

    /// Gives all pages back to the kernel; the numbers are zero afterwards.
    package func release() { madvise(memory, byteCount, MADV_DONTNEED) }

    /// Whole panels, and one cache line more, so that rows do not all fall into the same sets of the cache.
    private static func stride(of width: Int) -> Int { (width + 31) / 32 * 32 + 16 }
}
