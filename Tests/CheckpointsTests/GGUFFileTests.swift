// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import TestSupport
import Testing

@Suite("GGUFFile")
struct GGUFFileTests {
    private func sample() -> GGUFBuilder {
        var builder = GGUFBuilder()
        builder.add("general.architecture", "llama")
        builder.add("llama.block_count", UInt32(3))
        builder.add("llama.epsilon", 0.5 as Float)
        builder.add("tokenizer.add", true)
        builder.add("tokenizer.tokens", ["a", "", "ß"])
        builder.add("tokenizer.types", [1, -3, 2])
        builder.addTensor("norm", [3], type: 0, (0..<12).map { UInt8($0) })
        builder.addTensor("matrix", [2, 3], type: 1, (0..<12).map { UInt8($0 + 100) })
        return builder
    }

    /// What reading the bytes says: nil when it succeeds.
    private func refusal(_ bytes: [UInt8]) -> String? {
        bytes.withUnsafeBytes { bytes in
            do throws(CheckpointError) {
                _ = try GGUFFile(bytes)
                return nil
            } catch {
                return error.description
            }
        }
    }

    @Test("metadata and tensors are read", arguments: [2, 3])
    func reading(version: UInt32) throws {
        var builder = sample()
        builder.version = version
        try builder.file().withUnsafeBytes { bytes in
            let file = try GGUFFile(bytes)
            #expect(try file.metadata.string("general.architecture") == "llama")
            #expect(try file.metadata.integer("llama.block_count") == 3)
            #expect(try file.metadata.float("llama.epsilon") == 0.5)
            #expect(try file.metadata.float("llama.block_count") == 3)
            #expect(try file.metadata.boolean("tokenizer.add") == true)
            #expect(try file.metadata.strings("tokenizer.tokens") == ["a", "", "ß"])
            #expect(try file.metadata.integers("tokenizer.types") == [1, -3, 2])
            #expect(try file.metadata.string("nothing") == nil)
            let matrix = try #require(file.tensor(named: "matrix"))
            #expect(matrix.columns == 2)
            #expect(matrix.rows == 3)
            #expect(matrix.type == .f16)
            #expect(Array(matrix.data) == (0..<12).map { UInt8($0 + 100) })
            #expect(file.tensor(named: "none") == nil)
            #expect(file.tensors.map(\.name) == ["norm", "matrix"])
        }
    }

    @Test("a value of another type is an error that names its key")
    func wrongTypes() throws {
        try sample().file().withUnsafeBytes { bytes in
            let metadata = try GGUFFile(bytes).metadata
            #expect(throws: CheckpointError.wrongMetadataType(key: "llama.block_count", expected: "a text")) {
                try metadata.string("llama.block_count")
            }
            #expect(throws: CheckpointError.self) { try metadata.integer("general.architecture") }
            #expect(throws: CheckpointError.self) { try metadata.integer("llama.epsilon") }
            #expect(throws: CheckpointError.self) { try metadata.strings("tokenizer.types") }
            #expect(throws: CheckpointError.self) { try metadata.integers("tokenizer.tokens") }
            #expect(throws: CheckpointError.self) { try metadata.boolean("tokenizer.tokens") }
            #expect(throws: CheckpointError.self) { try metadata.float("tokenizer.add") }
        }
    }

    @Test("every truncation is refused")
    func truncations() {
        let bytes = sample().file()
        // The last tensor ends eight bytes before the file does: the rest is padding.
        for size in 0..<bytes.count - 20 {
            #expect(refusal(Array(bytes[..<size])) != nil, "cut to \(size) bytes")
        }
    }

    @Test("random damage never does more than fail")
    func damage() {
        let bytes = sample().file()
        var state: UInt64 = 77
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for _ in 0..<5000 {
            var damaged = bytes
            for _ in 0...random(4) { damaged[random(bytes.count)] = UInt8(random(256)) }
            damaged.withUnsafeBytes { bytes in
                guard let file = try? GGUFFile(bytes) else { return }
                _ = try? file.metadata.strings("tokenizer.tokens")
                _ = try? file.metadata.integers("tokenizer.types")
                for tensor in file.tensors {
                    #expect(
                        tensor.data.count == tensor.elementCount / tensor.type.blockElementCount
                            * tensor.type.blockByteCount)
                }
            }
        }
    }

    @Test("forged counts, sizes and offsets are refused by name")
    func forgeries() {
        #expect(refusal(sample().file(tensorCount: .max))?.contains("tensor count") == true)
        #expect(refusal(sample().file(metadataCount: .max))?.contains("metadata count") == true)
        #expect(refusal(sample().file(metadataCount: 70_000))?.contains("metadata count") == true)

        func refusalWith(_ change: (inout GGUFBuilder) -> Void) -> String {
            var builder = sample()
            change(&builder)
            return refusal(builder.file()) ?? "none"
        }
        #expect(refusalWith { $0.addTensor("t", [1 << 39, 1 << 39], type: 0, offset: 0) }.contains("dimension"))
        #expect(refusalWith { $0.addTensor("t", [0], type: 0, offset: 0) }.contains("dimension of tensor 't'"))
        #expect(refusalWith { $0.addTensor("t", [], type: 0, offset: 0) }.contains("dimension count"))
        #expect(refusalWith { $0.addTensor("t", [1, 1, 1, 1, 1], type: 0, offset: 0) }.contains("dimension count"))
        #expect(refusalWith { $0.addTensor("t", [1], type: 0, offset: 7) }.contains("offset of tensor 't'"))
        #expect(refusalWith { $0.addTensor("t", [1], type: 0, offset: .max & ~31) }.contains("tensor 't'"))
        #expect(refusalWith { $0.addTensor("norm", [1], type: 0, offset: 0) }.contains("given twice"))
        #expect(refusalWith { $0.add("llama.block_count", UInt32(4)) }.contains("given twice"))
        #expect(refusalWith { $0.add("x", type: 13, []) }.contains("type of metadata 'x'"))
        #expect(refusalWith { $0.add("x", type: 9, GGUFBuilder.bytes(UInt32(9))) }.contains("element type"))
        #expect(refusalWith { $0.add("general.alignment", UInt32(48)) }.contains("general.alignment"))
        #expect(refusalWith { $0.version = 1 }.contains("version 1"))
        #expect(refusalWith { $0.version = UInt32(3).byteSwapped }.contains("big-endian"))
        let huge = GGUFBuilder.bytes(UInt64.max)
        #expect(refusalWith { $0.add("x", type: 8, huge) }.contains("metadata 'x'"))
        #expect(refusalWith { $0.add("x", type: 9, GGUFBuilder.bytes(UInt32(10)) + huge) }.contains("element count"))
    }

    @Test("a tensor type that is not read is named with its tensor and the known types")
    func tensorTypes() {
        var builder = sample()
        builder.addTensor("blk.0.attn_q.weight", [256], type: 29, offset: 0)
        let text = refusal(builder.file()) ?? ""
        #expect(text.contains("blk.0.attn_q.weight") && text.contains("IQ1_M") && text.contains("F32, F16, Q4_0"))
    }

    @Test("rows that end inside a block, and sizes of blocks that no file holds, are refused by name")
    func blocks() {
        for type in TensorType.allCases where type.blockElementCount > 1 {
            var cut = sample()
            cut.addTensor("x", [UInt64(type.blockElementCount) * 3 / 2, 2], type: type.rawValue, offset: 0)
            #expect(refusal(cut.file())?.contains("not a multiple of the \(type.blockElementCount)") == true)
            var huge = sample()
            huge.addTensor("x", [1 << 40, 1 << 22], type: type.rawValue, offset: 0)
            #expect(refusal(huge.file())?.contains("tensor 'x'") == true)
        }
    }

    @Test("another kind of file is said to be one")
    func otherFiles() {
        #expect(refusal(Array("PK\u{3}\u{4} zip".utf8))?.contains("not a GGUF") == true)
        #expect(refusal([])?.contains("not a GGUF") == true)
    }
}
