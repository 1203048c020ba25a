// SPDX-License-Identifier: Apache-2.0

/// Turns rows of floats as checkpoints store them into the panels that the kernels read, one panel at a time.
package struct PanelPacking {
    /// Columns of the matrix.
    package let columns: Int
    /// How the numbers are stored, a panel layout of floats.
    package let layout: KernelLayout
    private let elementSize: Int

    /// Packing for matrices of this many columns.
    package init(columns: Int, layout: KernelLayout) {
        precondition(layout != .vectorF32 && layout.blockColumns == 1, "the layout has no panels of floats")
        elementSize = layout.blockByteCount / KernelLayout.panelRows
        self.columns = columns
        self.layout = layout
    }

    /// Bytes of one panel, which is the size of `panel` below.
    package var panelByteCount: Int { columns * KernelLayout.panelRows * elementSize }

    /// Fills a panel from at most 32 consecutive rows, stored row by row with numbers of the layout's size; lanes
    /// of missing rows become zero.
    package func pack(rows: UnsafeRawBufferPointer, into panel: UnsafeMutableRawBufferPointer) {
        precondition(panel.count == panelByteCount, "the panel has the wrong size")
        precondition(rows.count <= panelByteCount, "more than 32 rows")
        precondition(rows.count % (columns * elementSize) == 0, "a row is cut")
        if elementSize == 2 {
            transpose(rows, panel, as: UInt16.self)
        } else {
            transpose(rows, panel, as: UInt32.self)
        }
    }

    private func transpose<Number: FixedWidthInteger>(
        _ rows: UnsafeRawBufferPointer, _ panel: UnsafeMutableRawBufferPointer, as type: Number.Type
    ) {
        let size = MemoryLayout<Number>.size
        let count = rows.count / (columns * size)
        if count < KernelLayout.panelRows { panel.initializeMemory(as: UInt8.self, repeating: 0) }
        guard let source = rows.baseAddress, let target = panel.baseAddress else { return }
        let out = target.assumingMemoryBound(to: Number.self)
        // Blocks of columns keep the 32 lines that are being read in the first cache.
        var start = 0
        while start < columns {
            let end = min(start + 64, columns)
            var row = 0
            while row < count {
                let line = source + row * columns * size
                var column = start
                while column < end {
                    out[column * KernelLayout.panelRows + row] = line.loadUnaligned(
                        fromByteOffset: column * size, as: Number.self)
                    column += 1
                }
                row += 1
            }
            start = end
        }
    }
}
