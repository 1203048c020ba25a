// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// Memory in which each rank keeps the results of one piece until it hands them out.
final class PieceDrafts {
    /// Numbers of one rank's draft: small enough for a second-level cache beside the piece's weights.
    static let capacity = 16_384
    /// More vectors take long enough to hide a late rank, and their drafts cost more than they save.
    static let maxVectors = 16

    private let memory: UnsafeMutablePointer<Float>  // [ranks][capacity]

    /// The kernel gives pages when drafts first use them.
    init(rankCount: Int) {
        let bytes = rankCount * Self.capacity * MemoryLayout<Float>.size
        memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 4096)
            .bindMemory(to: Float.self, capacity: rankCount * Self.capacity)
    }

    deinit { memory.deallocate() }

    /// Whether the pieces of a cut have room, each with the outputs of so many matrices.
    static func hold(_ grid: PieceGrid, matrices: Int) -> Bool {
        grid.vectors <= maxVectors
            && matrices * grid.vectors * PieceDraft.stride(panels: grid.panelsPerPiece) <= capacity
    }

    /// The draft of a piece on a rank; what it held before is overwritten.
    func draft(rank: Int, _ panels: Range<Int>, _ rows: Range<Int>) -> PieceDraft {
        PieceDraft(start: memory + rank * Self.capacity, panels: panels, rows: rows)
    }
}

/// The outputs of one piece: its panels' rows for each of its vectors, for one matrix or for several of the same size.
struct PieceDraft {
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
