// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import TestSupport
import Testing

@testable import Packing

@Suite("Weights that are no numbers")
struct FiniteNumbersTests {
    @Test(
        "a checkpoint with an infinite weight or NaN is refused, and the tensor named",
        arguments: [Float.infinity, .nan])
    func refusal(number: Float) throws {
        for (tensor, isFull) in [
            ("blk.1.ffn_down.weight", true), ("blk.1.ffn_down.weight", false), ("output_norm.weight", false),
        ] {
            var file = LlamaFile()
            file.isFull = isFull
            let isHalf = !isFull && tensor != "output_norm.weight"
            let bytes = isHalf ? GGUFBuilder.bytes(Float16(number).bitPattern) : GGUFBuilder.bytes(number.bitPattern)
            var content = file.bytes()
            let place = try content.withUnsafeBytes { memory in
                let data = try #require(try GGUFFile(memory).tensor(named: tensor)).data
                return try #require(data.baseAddress) - memory.baseAddress! + 3 * bytes.count
            }
            #expect(Packed.refusal(content) == nil)
            content.replaceSubrange(place..<place + bytes.count, with: bytes)
            let refusal = try #require(Packed.refusal(content))
            #expect(refusal.status == 65)
            #expect(refusal.text.contains("'\(tensor)' has weights that are infinite or no numbers"))
        }
    }

    @Test("a block with such a scale or minimum is found, whatever its type", arguments: TensorType.allCases)
    func blocks(type: TensorType) throws {
        let finite = FiniteNumbers(type)
        let size = type.blockByteCount
        // All bits of integers are set; halves of the bytes 0x3B are a number.
        var rows = [UInt8](repeating: 0x3B, count: 3 * size)
        #expect(rows.withUnsafeBytes(finite.fill))
        var places = 0
        for place in stride(from: size, to: 2 * size - 1, by: 2) {
            var damaged = rows
            damaged.replaceSubrange(place..<place + 2, with: GGUFBuilder.bytes(0x7F80 as UInt16))
            if !damaged.withUnsafeBytes(finite.fill) { places += 1 }
        }
        let expected: Int
        switch type {
        case .f32, .f16, .bf16, .q8_0, .q4_0, .q5_0, .iq4_nl, .iq4_xs, .q3_K, .q6_K: expected = 1
        case .q4_1, .q5_1, .q4_K, .q5_K, .q2_K: expected = 2
        }
        #expect(places == expected)
        rows.replaceSubrange(0..<size, with: [UInt8](repeating: 0xFF, count: size))
        #expect(!rows.withUnsafeBytes(finite.fill))
    }
}
