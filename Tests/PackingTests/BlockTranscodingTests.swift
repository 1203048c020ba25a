// SPDX-License-Identifier: Apache-2.0

import Artefacts
import Checkpoints
import Foundation
import TestSupport
import Testing

@testable import Packing

@Suite("BlockTranscoding")
struct BlockTranscodingTests {
    /// Rows of one type, as a file stores them and as the format's own library reads them.
    private struct Sample {
        let type: TensorType
        let rows: Int
        let columns: Int
        let bytes: [UInt8]
        let numbers: [Float]
    }

    private static func samples() throws -> [Sample] {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/pack-quantised/blocks.bin")
        let data = [UInt8](try Data(contentsOf: path))
        var place = 0
        func number() -> UInt32 {
            defer { place += 4 }
            return data.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: UInt32.self) }
        }
        var samples: [Sample] = []
        while place < data.count {
            let type = try #require(TensorType(rawValue: number()))
            let (rows, columns) = (Int(number()), Int(number()))
            let size = rows * columns / type.blockElementCount * type.blockByteCount
            let bytes = Array(data[place..<place + size])
            place += size
            let numbers = (0..<rows * columns).map { _ in Float(bitPattern: number()) }
            samples.append(Sample(type: type, rows: rows, columns: columns, bytes: bytes, numbers: numbers))
        }
        return samples
    }

    /// The numbers of an artefact with one matrix, whose rows are repeated until they fill more than a panel.
    private static func packed(_ sample: Sample, repeating count: Int) throws -> (PackedTensor, Packed) {
        let hidden = sample.columns
        var builder = GGUFBuilder()
        LlamaFile.addMetadata(&builder, hidden: hidden)
        let rows = sample.rows * count
        let bytes = (0..<count).flatMap { _ in sample.bytes }
        builder.addTensor(
            "token_embd.weight", [UInt64(hidden), UInt64(rows)], type: sample.type.rawValue, bytes)
        LlamaFile.addLayer(&builder, hidden: hidden)
        let packed = try Packed(builder.file())
        return (try #require(packed.artefact.tensor(.tokenEmbedding)), packed)
    }

    @Test("every type's numbers are the format's own, to the last bit")
    func lossless() throws {
        let samples = try Self.samples()
        #expect(Set(samples.map(\.type)) == Set(TensorType.allCases).subtracting([.f32, .f16]))
        for sample in samples {
            // 60 copies of 5 rows: nine whole panels and one of 12 rows.
            let (tensor, packed) = try Self.packed(sample, repeating: 60)
            #expect(tensor.layout == BlockTranscoding.layout(of: sample.type))
            try packed.artefact.verifyContents()
            for row in [0, 1, 2, 3, 4, 31, 32, 33, 34, 159, 160, 299] {
                let expected = sample.numbers[row % 5 * sample.columns..<(row % 5 + 1) * sample.columns]
                let found = tensor.numbers(ofRow: row)
                #expect(found.map(\.bitPattern) == expected.map(\.bitPattern), "\(sample.type.name), row \(row)")
            }
        }
    }

    @Test("a row that ends inside a block is refused by the tensor's name")
    func partialBlocks() throws {
        let file = LlamaFile { builder in
            builder.addTensor("blk.0.attn_q.bias", [40], type: TensorType.q8_0.rawValue, offset: 0)
        }
        let refusal = try #require(Packed.refusal(file.bytes()))
        #expect(refusal.text.contains("'blk.0.attn_q.bias' is 40, not a multiple of the 32 of Q8_0"))
    }

    @Test("a norm that is quantised is refused by its name")
    func quantisedNorm() throws {
        var builder = GGUFBuilder()
        LlamaFile.addMetadata(&builder, hidden: 512)
        let sample = try #require(try Self.samples().first { $0.type == .q8_0 })
        builder.addTensor(
            "token_embd.weight", [512, 300], type: sample.type.rawValue, (0..<60).flatMap { _ in sample.bytes })
        LlamaFile.addLayer(&builder, hidden: 512, normType: .q8_0)
        let refusal = try #require(Packed.refusal(builder.file()))
        #expect(refusal.text.contains("attn_norm.weight") && refusal.text.contains("Q8_0"))
    }
}
