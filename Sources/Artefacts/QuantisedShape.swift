// SPDX-License-Identifier: Apache-2.0

/// Where the parts of a quantised layout's block lie; all offsets are bytes from its start.
struct QuantisedShape {
    /// The bytes that scale small blocks again.
    enum ScaleBytes {
        /// The F16 scale is the only one, and the block is one small block.
        case none
        /// Two for each row, in front of each small block's numbers.
        case pair
        /// One for each row and small block, all behind the F16 scales.
        case ahead
    }

    /// Bits of a number: 2, 4, 6 or 8.
    let bits: Int
    /// Whether F16 minima follow the F16 scales.
    var hasMinima = false
    /// The bytes that scale small blocks again.
    var scaleBytes = ScaleBytes.none

    private static let rows = KernelLayout.panelRows
    /// Where the F16 minima are.
    static let minima = 2 * rows

    /// Parts of 32 columns.
    var smallBlocks: Int { scaleBytes == .none ? 1 : 8 }

    /// Bytes of all.
    var byteCount: Int { head + smallBlocks * smallBlockByteCount }

    /// Where the bytes that scale a small block again begin.
    func scaleBytes(_ smallBlock: Int) -> Int {
        scaleBytes == .ahead ? 2 * Self.rows + smallBlock * Self.rows : head + smallBlock * smallBlockByteCount
    }

    /// Where a small block's numbers begin.
    func numbers(_ smallBlock: Int) -> Int { head + smallBlock * smallBlockByteCount + pairByteCount }

    private var head: Int {
        (hasMinima ? 4 : 2) * Self.rows + (scaleBytes == .ahead ? smallBlocks * Self.rows : 0)
    }

    private var pairByteCount: Int { scaleBytes == .pair ? 2 * Self.rows : 0 }

    private var smallBlockByteCount: Int { pairByteCount + Self.rows * 32 * bits / 8 }
}
