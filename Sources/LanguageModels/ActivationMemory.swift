// SPDX-License-Identifier: Apache-2.0
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

/// One private mapping that holds the activations of a forward pass. The kernel gives pages when rows first use them,
/// so that a large `maximumRows` costs nothing by itself.
package final class ActivationMemory {
    private let memory: UnsafeMutableRawPointer
    private let byteCount: Int
    private var used = 0

    /// Memory for arrays of the given sizes, each [rows][width].
    package init(rows: Int, widths: [Int]) throws(LanguageModelError) {
        byteCount = widths.reduce(0) { $0 + rows * Self.stride(of: $1) * MemoryLayout<Float>.size }
        let result = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let result, result != MAP_FAILED else { throw .activations(bytes: byteCount, errno: errno) }
        memory = result
    }

    deinit { munmap(memory, byteCount) }

    /// The next array; the sequence of calls follows the widths that were given.
    package func take(rows: Int, width: Int) -> ActivationRows {
        let stride = Self.stride(of: width)
        let bytes = rows * stride * MemoryLayout<Float>.size
        precondition(bytes <= byteCount - used, "more activations are taken than were mapped")
        defer { used += bytes }
        return ActivationRows(
            start: (memory + used).bindMemory(to: Float.self, capacity: rows * stride), stride: stride)
    }

    /// Gives all pages back to the kernel; the numbers are zero afterwards.
    package func release() { madvise(memory, byteCount, MADV_DONTNEED) }

    /// Whole panels, and one cache line more, so that rows do not all fall into the same sets of the cache.
    private static func stride(of width: Int) -> Int { (width + 31) / 32 * 32 + 16 }
}
