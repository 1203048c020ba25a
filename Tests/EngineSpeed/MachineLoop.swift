// SPDX-License-Identifier: Apache-2.0
internal import CFlowKernels
internal import LanguageModels

/// What the machine can deliver at the moment, by loops that do nothing else. Threads take pieces of a loop as they do in
/// the engine, so that one that is held up does not make the machine look slower than it is.
final class MachineLoop: StepProgram {
    /// What is done in each piece.
    enum Kind {
        /// Reads memory again and again.
        case read(UnsafeRawBufferPointer)
        /// Multiplies bytes in registers, some rounds in each of the pieces.
        case multiplyBytes(pieces: Int, rounds: Int)
        /// The same with floats.
        case multiplyFloats(pieces: Int, rounds: Int)
    }

    private static let usualPieceBytes = 256 * 1024
    /// Bytes that are read at least, in as many passes as that takes: a single one over a small model is over before the
    /// machine shows what it can do.
    private static let leastBytes = 4 << 30
    private static let maxPieces = 16_384

    private let kind: Kind
    private let pieceBytes: Int

    init(_ kind: Kind) {
        self.kind = kind
        if case .read(let bytes) = kind {
            let least = (bytes.count + Self.maxPieces - 1) / Self.maxPieces
            pieceBytes = (max(Self.usualPieceBytes, least) + 511) / 512 * 512
        } else {
            pieceBytes = 0
        }
    }

    /// Bytes that are read, or operations that are done.
    var count: Int {
        switch kind {
        case .read(let bytes): bytes.count * passes
        case .multiplyBytes(let pieces, let rounds): 2 * pieces * rounds * Int(FLOW_ROUND_PRODUCTS)
        case .multiplyFloats(let pieces, let rounds): 2 * pieces * rounds * Int(FLOW_ROUND_FLOAT_PRODUCTS)
        }
    }

    private var passes: Int {
        guard case .read(let bytes) = kind, bytes.count > 0 else { return 1 }
        return (Self.leastBytes - 1) / bytes.count + 1
    }

    var operationCount: Int { passes }

    func pieceCount(ofOperation operation: Int) -> Int {
        switch kind {
        case .read(let bytes): max(1, (bytes.count + pieceBytes - 1) / pieceBytes)
        case .multiplyBytes(let pieces, _), .multiplyFloats(let pieces, _): pieces
        }
    }

    func runPiece(_ piece: Int, ofOperation operation: Int, rank: Int) {
        switch kind {
        case .read(let bytes):
            let first = piece * pieceBytes
            let whole = min(pieceBytes, bytes.count - first) / 512 * 512
            guard let start = bytes.baseAddress, whole > 0 else { return }
            _ = flow_read(start + first, whole)
        case .multiplyBytes(_, let rounds):
            _ = flow_multiply_bytes(rounds)
        case .multiplyFloats(_, let rounds):
            _ = flow_multiply_floats(rounds)
        }
    }
}
