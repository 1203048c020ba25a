// SPDX-License-Identifier: Apache-2.0

import Artefacts
import TestSupport
import Testing

@testable import Packing

@Suite("Hostile checkpoints")
struct HostileCheckpointTests {
    @Test("a checkpoint cut anywhere is refused")
    func truncations() {
        let bytes = LlamaFile().bytes()
        // What is cut within the last tensor's padding is no loss.
        for size in stride(from: 0, to: bytes.count - 64, by: 64) {
            #expect(Packed.refusal(Array(bytes[..<size]))?.status == 65, "cut to \(size) bytes")
        }
    }

    @Test("a list of token types of another length than the tokens is refused", arguments: [-1, 1])
    func tokenTypes(difference: Int) {
        let types = [Int32](repeating: 3, count: LlamaFile.tokenCount + difference)
        let file = LlamaFile(without: ["tokenizer.ggml.token_type"]) { $0.add("tokenizer.ggml.token_type", types) }
        #expect(Packed.refusal(file.bytes())?.text.contains("token_type' has \(types.count) entries") == true)
    }

    @Test("2,000 damaged checkpoints are refused or packed into something that verifies")
    func damage() throws {
        let bytes = LlamaFile().bytes()
        var state: UInt64 = 2026
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for round in 0..<2_000 {
            var damaged = bytes
            // Half of the rounds aim at the metadata before the vocabulary, where most decisions are.
            let target = round % 2 == 0 ? 900 : bytes.count
            for _ in 0...random(3) { damaged[random(target)] = UInt8(random(256)) }
            if let refusal = Packed.refusal(damaged) {
                #expect(refusal.status == 65, "round \(round): \(refusal.text)")
                #expect(!refusal.text.contains("\n"))
            }
        }
    }
}
