// SPDX-License-Identifier: Apache-2.0

import Artefacts
import Foundation
import LanguageModels
import ServingModel
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
    /// The logits after each token, [positions][vocabulary]; of an encoder, each token's last state,
    /// [positions][hidden].
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
    private let sequenceLength: Int32
    private var position = 0

    /// A sequence that will not have more tokens than `sequenceLength`.
    init(_ artefact: Artefact, keyValueType: KeyValueType = .single, sequenceLength: Int = 80) throws {
        self.artefact = artefact
        self.sequenceLength = Int32(sequenceLength)
        let bytes = KVLayout(configuration: artefact.configuration, type: keyValueType).bytesPerBlock * 8
        memory = .allocate(byteCount: bytes, alignment: 64)
        forward = try LanguageModel.forwardPass(
            of: artefact, maxStepTokens: 128, keyValueMemory: try #require(memory.baseAddress),
            keyValueType: keyValueType)
    }

    deinit { memory.deallocate() }

    /// Appends tokens in one step and returns the logits after each of them, or an encoder's states.
    func outputs(after tokens: [Int32]) -> [[Float]] {
        let count = tokens.count
        let positions = (0..<count).map { Int32(position + $0) }
        position += count
        let sequences = [Int32](repeating: 0, count: count)
        let sampled = (0..<count).map(Int32.init)
        let blocks: [Int32] = [6, 1, 4, 3, 2, 5, 0, 7]
        return blocks.withUnsafeBufferPointer { blocks in
            guard let table = blocks.baseAddress else { return [] }
            return [table].withUnsafeBufferPointer { tables in
                run(count, [tokens, positions, sequences, sampled], tables)
            }
        }
    }

    private func run(
        _ count: Int, _ columns: [[Int32]], _ tables: UnsafeBufferPointer<UnsafePointer<Int32>>
    ) -> [[Float]] {
        let numbers = columns.flatMap { $0 } + [sequenceLength]
        let sampled = forward.hasLogits ? count : 0
        return numbers.withUnsafeBufferPointer { numbers in
            guard let start = numbers.baseAddress, let tables = tables.baseAddress else { return [] }
            forward.prepare(
                StepInput(
                    tokenCount: count, sampledCount: sampled, pooledCount: count - sampled, tokenIDs: start,
                    positions: start + count,
                    sequences: start + 2 * count, blockTables: tables, sampledTokens: start + 3 * count,
                    pooledTokens: start + 3 * count, sequenceLengths: start + 4 * count))
            for operation in 0..<forward.operationCount {
                for tile in 0..<forward.tileCount(ofOperation: operation) {
                    forward.completeTile(tile, ofOperation: operation, rank: 0)
                }
            }
            return (0..<count).map {
                sampled > 0 ? Array(forward.logits(ofSampled: $0)) : Array(forward.hiddenState(ofPooled: $0))
            }
        }
    }
}
