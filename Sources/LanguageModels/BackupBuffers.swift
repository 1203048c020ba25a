// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// Memory in which each rank keeps the results of one tile until it hands them out.
final class BackupBuffers {
    /// Numbers of one rank's buffer: small enough for a second-level cache beside the tile's weights.
    static let capacity = 16_384
    /// More vectors take long enough to hide a late rank, and a backup would cost more than it saves.
    static let maxVectors = 16

    private let memory: UnsafeMutablePointer<Float>  // [ranks][capacity]

    /// The kernel gives pages when tiles first use them.
    init(rankCount: Int) {
        let bytes = rankCount * Self.capacity * MemoryLayout<Float>.size
        memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 4096)
            .bindMemory(to: Float.self, capacity: rankCount * Self.capacity)
    }

    deinit { memory.deallocate() }

    /// Whether the tiles of a cut have room, each with the outputs of so many matrices.
    static func hold(_ grid: TileGrid, matrices: Int) -> Bool {
        grid.vectors <= maxVectors
            && matrices * grid.vectors * TileBuffer.stride(panels: grid.panelsPerTile) <= capacity
    }

    /// The buffer of a rank for a tile; what it held before is overwritten.
    func buffer(rank: Int, _ panels: Range<Int>, _ rows: Range<Int>) -> TileBuffer {
        TileBuffer(start: memory + rank * Self.capacity, panels: panels, rows: rows)
    }
}

/// The outputs of one tile: its panels' rows for each of its vectors, for one matrix or for several of the same size.
struct TileBuffer {
    fileprivate let start: UnsafeMutablePointer<Float>  // [matrices][rows][stride]
    let panels: Range<Int>
    let rows: Range<Int>

    private var stride: Int { Self.stride(panels: panels.count) }

    /// One cache line more than the outputs, so that rows do not all fall into the same sets of the cache.
    fileprivate static func stride(panels: Int) -> Int { panels * KernelLayout.panelRows + 16 }

    /// The outputs of one of the matrices where they would lie in all of its outputs: panel p of row r begins at
    /// `[r] + 32 * p`. `first` is the number of the matrix's first panel where several lie behind each other.
    func outputs(ofMatrix index: Int = 0, firstPanel first: Int = 0) -> ActivationRows {
        let skipped = rows.lowerBound * stride + (panels.lowerBound - first) * KernelLayout.panelRows
        return ActivationRows(start: start + index * rows.count * stride - skipped, stride: stride)
    }
}
