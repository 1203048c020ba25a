// SPDX-License-Identifier: Apache-2.0
internal import CFlowKernels
internal import LanguageModels

/// What the machine can deliver at the moment, by loops that do nothing else. Threads take tiles of a loop as they do
/// in the engine, so that one that is held up does not make the machine look slower than it is.
final class MachineLoop: StepProgram {
    /// What is done in each tile.
    enum Kind {
        /// Reads memory again and again.
        case read(UnsafeRawBufferPointer)
        /// Multiplies bytes in registers, some rounds in each of the tiles.
        case multiplyBytes(tiles: Int, rounds: Int)
        /// The same with bytes of which one has four bits.
        case multiplyNibbles(tiles: Int, rounds: Int)
        /// The same with floats.
        case multiplyFloats(tiles: Int, rounds: Int)
    }

    private static let usualTileBytes = 256 * 1024
    /// Bytes that are read at least, in as many passes as that takes: a single one over a small model is over before
    /// the machine shows what it can do.
    private static let leastBytes = 4 << 30
    private static let maxTiles = 16_384

    private let kind: Kind
    private let tileBytes: Int

    init(_ kind: Kind) {
        self.kind = kind
        if case .read(let bytes) = kind {
            let least = (bytes.count + Self.maxTiles - 1) / Self.maxTiles
            tileBytes = (max(Self.usualTileBytes, least) + 511) / 512 * 512
        } else {
            tileBytes = 0
        }
    }

    /// Bytes that are read, or operations that are done.
    var count: Int {
        switch kind {
        case .read(let bytes): bytes.count * passes
        case .multiplyBytes(let tiles, let rounds), .multiplyNibbles(let tiles, let rounds):
            2 * tiles * rounds * Int(FLOW_ROUND_PRODUCTS)
        case .multiplyFloats(let tiles, let rounds): 2 * tiles * rounds * Int(FLOW_ROUND_FLOAT_PRODUCTS)
        }
    }

    private var passes: Int {
        guard case .read(let bytes) = kind, bytes.count > 0 else { return 1 }
        return (Self.leastBytes - 1) / bytes.count + 1
    }

    var operationCount: Int { passes }

    func tileCount(ofOperation operation: Int) -> Int {
        switch kind {
        case .read(let bytes): max(1, (bytes.count + tileBytes - 1) / tileBytes)
        case .multiplyBytes(let tiles, _), .multiplyNibbles(let tiles, _), .multiplyFloats(let tiles, _): tiles
        }
    }

    func runTile(_ tile: Int, ofOperation operation: Int, rank: Int) {
        switch kind {
        case .read(let bytes):
            let first = tile * tileBytes
            let whole = min(tileBytes, bytes.count - first) / 512 * 512
            guard let start = bytes.baseAddress, whole > 0 else { return }
            _ = flow_read(start + first, whole)
        case .multiplyBytes(_, let rounds):
            _ = flow_multiply_bytes(rounds)
        case .multiplyNibbles(_, let rounds):
            _ = flow_multiply_nibbles(rounds)
        case .multiplyFloats(_, let rounds):
            _ = flow_multiply_floats(rounds)
        }
    }
}
