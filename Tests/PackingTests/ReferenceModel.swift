// SPDX-License-Identifier: Apache-2.0

import Artefacts
import Foundation
import LanguageModels
import TestSupport
import Testing

/// A tiny model of a family with what another implementation computes with it; `make.py` beside the files wrote them.
struct ReferenceModel {
    /// Tokens of the text, as many as have logits.
    static let positions = 64
    /// Tokens of the text that greedy decoding starts from.
    static let promptCount = 16

    /// The checkpoint.
    let file: [UInt8]
    let tokens: [Int32]
    /// The logits after each token, [positions][vocabulary]; of an encoder, each token's last state, [positions][hidden].
    let outputs: [[Float]]
    /// What greedy decoding appends to the prompt; nothing for an encoder.
    let answer: [Int32]

    /// The GGUF file of that name.
    init(named name: String) throws {
        let path = Self.fixtures.appendingPathComponent("architectures/\(name)")
        try self.init(Array(try Data(contentsOf: path.appendingPathExtension("gguf"))), path)
    }

    /// A GGUF file or a folder, by its path without ending.
    init(at path: URL) throws {
        let file = path.appendingPathExtension("gguf")
        if FileManager.default.fileExists(atPath: file.path) {
            try self.init(Array(try Data(contentsOf: file)), path)
        } else {
            try self.init(folder: path)
        }
    }

    /// The folder of that name as transformers saved it, as the packer gets it.
    init(folder name: String) throws {
        try self.init(folder: Self.fixtures.appendingPathComponent("huggingface/\(name)"))
    }

    private init(folder path: URL) throws {
        var folder = FolderBuilder()
        for file in try FileManager.default.contentsOfDirectory(at: path, includingPropertiesForKeys: nil) {
            folder.files[file.lastPathComponent] = Array(try Data(contentsOf: file))
        }
        try self.init(try folder.bundle(), path)
    }

    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fixtures")

    private init(_ checkpoint: [UInt8], _ path: URL) throws {
        file = checkpoint
        let data = try Data(contentsOf: path.appendingPathExtension("logits"))
        let words = data.withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map {
                UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self))
            }
        }
        let width = Int(try #require(words.first))
        let count = 1 + Self.positions * (width + 1)
        try #require(words.count == count || words.count == count + Self.positions)
        tokens = words[1...Self.positions].map { Int32(bitPattern: $0) }
        outputs = (0..<Self.positions).map { position in
            let start = 1 + Self.positions + position * width
            return words[start..<start + width].map(Float.init(bitPattern:))
        }
        answer = words.dropFirst(count).map { Int32(bitPattern: $0) }
    }
}

/// Runs one sequence through a packed model's forward pass, over key and value memory of its own.
final class SequenceRun {
    private let artefact: Artefact
    private let forward: any ForwardPass
    private let memory: UnsafeMutableRawBufferPointer
    private let reach: Int32
    private var position = 0

    /// A sequence that will not have more tokens than `reach`.
    init(_ artefact: Artefact, precision: KVPrecision = .single, reach: Int = 80) throws {
        self.artefact = artefact
        self.reach = Int32(reach)
        let bytes = KVLayout(configuration: artefact.configuration, precision: precision).bytesPerBlock * 8
        memory = .allocate(byteCount: bytes, alignment: 64)
        forward = try LanguageModel.forwardPass(
            of: artefact, maximumRows: 128, keyValueMemory: try #require(memory.baseAddress),
            keyValuePrecision: precision)
    }

    deinit { memory.deallocate() }

    /// Appends tokens in one step and returns the logits after each of them, or an encoder's states.
    func outputs(after tokens: [Int32]) -> [[Float]] {
        let rows = tokens.count
        let positions = (0..<rows).map { Int32(position + $0) }
        position += rows
        let sequences = [Int32](repeating: 0, count: rows)
        let sampled = (0..<rows).map(Int32.init)
        let blocks: [Int32] = [6, 1, 4, 3, 2, 5, 0, 7]
        return blocks.withUnsafeBufferPointer { blocks in
            guard let table = blocks.baseAddress else { return [] }
            return [table].withUnsafeBufferPointer { tables in
                run(rows, [tokens, positions, sequences, sampled], tables)
            }
        }
    }

    private func run(
        _ rows: Int, _ columns: [[Int32]], _ tables: UnsafeBufferPointer<UnsafePointer<Int32>>
    ) -> [[Float]] {
        let numbers = columns.flatMap { $0 } + [reach]
        let sampled = forward.hasLogits ? rows : 0
        return numbers.withUnsafeBufferPointer { numbers in
            guard let start = numbers.baseAddress, let tables = tables.baseAddress else { return [] }
            forward.prepare(
                StepInput(
                    rowCount: rows, sampledCount: sampled, pooledCount: rows - sampled, tokens: start,
                    positions: start + rows,
                    sequences: start + 2 * rows, blockTables: tables, sampledRows: start + 3 * rows,
                    pooledRows: start + 3 * rows, reaches: start + 4 * rows))
            for operation in 0..<forward.operationCount {
                for piece in 0..<forward.pieceCount(ofOperation: operation) {
                    forward.completePiece(piece, ofOperation: operation, rank: 0)
                }
            }
            return (0..<rows).map {
                sampled > 0 ? Array(forward.logits(ofSampled: $0)) : Array(forward.hiddenState(ofPooled: $0))
            }
        }
    }
}
