// SPDX-License-Identifier: Apache-2.0
package import CFlowKernels
import Glibc

/// Rows of activations: vectors of one width, one for each token of a step.
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

/// Rows of activations rounded to BF16.
package struct BrainRows: @unchecked Sendable {
    /// The first number, aligned to 64 bytes.
    package let start: UnsafeMutablePointer<UInt16>
    /// Numbers from one row to the next.
    package let stride: Int
    /// Numbers of each row, 0 where the rows are not used.
    package let count: Int

    /// The first number of a row.
    package subscript(row: Int) -> UnsafeMutablePointer<UInt16> { start + row * stride }
}

/// What matrices are multiplied with: rows of floats, and the same rows in the forms that the matrices need.
package struct Operand: Sendable {
    /// The forms that rows of an operand are kept in beside floats.
    package struct Forms: OptionSet, Sendable {
        /// One bit for each form.
        package let rawValue: Int
        /// The forms of some bits.
        package init(rawValue: Int) { self.rawValue = rawValue }

        /// For quantised matrices.
        package static let blocks = Forms(rawValue: 1)
        /// For BF16 matrices.
        package static let brains = Forms(rawValue: 2)

        /// What some matrices need together.
        package init(of matrices: [flow_matrix]) {
            self = []
            if matrices.contains(where: \.isQuantised) { insert(.blocks) }
            if matrices.contains(where: { $0.number == FLOW_NUMBER_BF16 }) { insert(.brains) }
        }
    }

    /// As they are computed.
    package let floats: ActivationRows
    /// For quantised matrices.
    package let blocks: QuantisedRows
    /// For BF16 matrices.
    package let brains: BrainRows

    /// Brings a range of a row's numbers, both ends multiples of 32 or the row's, into the other forms after they were
    /// written; nothing where no matrix needs it.
    package func convert(row: Int, _ range: Range<Int>) {
        let first = range.lowerBound
        if blocks.count > 0 {
            flow_quantise(floats[row] + first, range.count, blocks[row] + first / Int(FLOW_BLOCK_NUMBERS))
        }
        if brains.count > 0 { flow_brain_from_float(floats[row] + first, range.count, brains[row] + first) }
    }

    /// Copies a row of an operand of the same width, in all forms that both have.
    package func copy(row: Int, from source: Operand, row sourceRow: Int, count: Int) {
        floats[row].update(from: source.floats[sourceRow], count: count)
        if blocks.count > 0 { blocks[row].update(from: source.blocks[sourceRow], count: blocks.count) }
        if brains.count > 0 { brains[row].update(from: source.brains[sourceRow], count: brains.count) }
    }
}

/// Rows of one width.
package struct ActivationShape: Sendable {
    /// Rows of the array.
    package let rows: Int
    /// Numbers of each row.
    package let width: Int

    /// So many rows of so many numbers.
    package init(rows: Int, width: Int) {
        self.rows = rows
        self.width = width
    }

    /// The same rows where they are wanted, else rows of no width.
    fileprivate func only(if isWanted: Bool) -> ActivationShape {
        ActivationShape(rows: rows, width: isWanted ? width : 0)
    }
}

/// The shape of an operand, and the forms that it is needed in.
package struct OperandShape: Sendable {
    /// Of the floats.
    package let rows: ActivationShape
    /// Beside floats.
    package let forms: Operand.Forms

    /// Rows that are needed in some forms.
    package init(_ rows: ActivationShape, _ forms: Operand.Forms) {
        self.rows = rows
        self.forms = forms
    }

    fileprivate var quantised: ActivationShape { rows.only(if: forms.contains(.blocks)) }
    fileprivate var rounded: ActivationShape { rows.only(if: forms.contains(.brains)) }

    fileprivate var byteCount: Int {
        ActivationMemory.floatBytes(rows) + ActivationMemory.quantisedBytes(quantised)
            + ActivationMemory.brainBytes(rounded)
    }
}

/// One private mapping that holds the activations of a forward pass. The kernel gives pages when rows first use them,
/// so that a large `maxStepTokens` costs nothing by itself.
package final class ActivationMemory {
    private let memory: UnsafeMutableRawPointer
    private let byteCount: Int
    private var used = 0

    /// Memory for arrays of numbers and for operands.
    package init(arrays: [ActivationShape], operands: [OperandShape] = []) throws(LanguageModelError) {
        byteCount =
            arrays.reduce(0) { $0 + Self.floatBytes($1) } + operands.reduce(0) { $0 + $1.byteCount }
        let result = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let result, result != MAP_FAILED else { throw .activations(bytes: byteCount, errno: errno) }
        memory = result
    }

    deinit { munmap(memory, byteCount) }

    /// The next array of those that were given.
    package func take(_ shape: ActivationShape) -> ActivationRows {
        let stride = Self.stride(of: shape.width)
        return ActivationRows(start: take(Self.floatBytes(shape), as: Float.self), stride: stride)
    }

    /// The next operand of those that were given; its width is a multiple of 32 where it has blocks.
    package func take(_ shape: OperandShape) -> Operand {
        let blocks = shape.quantised.width / Int(FLOW_BLOCK_NUMBERS)
        let rounded = shape.rounded
        return Operand(
            floats: take(shape.rows),
            blocks: QuantisedRows(
                start: take(Self.quantisedBytes(shape.quantised), as: flow_block.self), stride: blocks + 1,
                count: blocks),
            brains: BrainRows(
                start: take(Self.brainBytes(rounded), as: UInt16.self), stride: Self.brainStride(of: rounded.width),
                count: rounded.width))
    }

    private func take<Element>(_ bytes: Int, as type: Element.Type) -> UnsafeMutablePointer<Element> {
        precondition(bytes <= byteCount - used, "more activations are taken than were mapped")
        defer { used += bytes }
        return (memory + used).bindMemory(to: type, capacity: bytes / MemoryLayout<Element>.stride)
    }

    fileprivate static func floatBytes(_ shape: ActivationShape) -> Int {
        shape.rows * stride(of: shape.width) * MemoryLayout<Float>.size
    }

    /// One block more for each row, so that rows do not all fall into the same sets of the cache.
    fileprivate static func quantisedBytes(_ shape: ActivationShape) -> Int {
        let blocks = shape.width == 0 ? 0 : shape.rows * (shape.width / Int(FLOW_BLOCK_NUMBERS) + 1)
        return (blocks * MemoryLayout<flow_block>.stride + 63) / 64 * 64
    }

    fileprivate static func brainBytes(_ shape: ActivationShape) -> Int {
        shape.width == 0 ? 0 : shape.rows * brainStride(of: shape.width) * MemoryLayout<UInt16>.size
    }

    private static func brainStride(of width: Int) -> Int { (width + 31) / 32 * 32 + 32 }

    /// Gives all pages back to the kernel; the numbers are zero afterwards.
    package func release() { madvise(memory, byteCount, MADV_DONTNEED) }

    /// Whole panels, and one cache line more, so that rows do not all fall into the same sets of the cache.
    private static func stride(of width: Int) -> Int { (width + 31) / 32 * 32 + 16 }
}
