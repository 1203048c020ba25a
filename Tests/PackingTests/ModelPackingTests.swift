// SPDX-License-Identifier: Apache-2.0

import Artefacts
import ChatTemplates
import Foundation
import TestSupport
import Testing
import Tokenization

@testable import Packing

@Suite("ModelPacking")
struct ModelPackingTests {
    @Test("an encoder needs no token that ends an answer, as published ones have none; a decoder does")
    func withoutEndTokens() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/architectures")
        func without(_ name: String) throws -> [UInt8] {
            var bytes = Array(try Data(contentsOf: path.appendingPathComponent(name)))
            let key = Array("tokenizer.ggml.eos_token_id".utf8)
            let place = try #require(bytes.indices.first { bytes[$0...].starts(with: key) })
            bytes[place + key.count - 1] = UInt8(ascii: "x")
            return bytes
        }
        let encoder = try Packed(without("bert.gguf"))
        #expect(try Tokenizer(verifying: encoder.artefact.tokenizerTables).endTokens.isEmpty)
        #expect(try Packed.refusal(without("llama3.gguf"))?.text.contains("no token ends an answer") == true)
    }

    @Test("every number of a checkpoint is found in its panel", arguments: [false, true])
    func weights(isFull: Bool) throws {
        let packed = try Packed(LlamaFile(isFull: isFull).bytes())
        try packed.artefact.verifyContents()
        let matrices: [(TensorRole, Int, String, Int, Int)] = [
            (.tokenEmbedding, 0, "token_embd.weight", 300, 8), (.output, 0, "output.weight", 300, 8),
            (.attentionQuery, 0, "blk.0.attn_q.weight", 8, 8), (.attentionKey, 1, "blk.1.attn_k.weight", 4, 8),
            (.attentionValue, 0, "blk.0.attn_v.weight", 4, 8),
            (.attentionOutput, 1, "blk.1.attn_output.weight", 8, 8),
            (.feedForwardGate, 0, "blk.0.ffn_gate.weight", 12, 8), (.feedForwardUp, 1, "blk.1.ffn_up.weight", 12, 8),
            (.feedForwardDown, 1, "blk.1.ffn_down.weight", 8, 12),
        ]
        for (role, layer, name, rows, columns) in matrices {
            let tensor = try #require(packed.artefact.tensor(role, layer: layer))
            #expect(tensor.layout == (isFull ? .panelF32 : .panelF16))
            #expect(tensor.rows == rows && tensor.columns == columns)
            let expected = LlamaFile.numbers(name, rows * columns)
            for row in 0..<rows {
                for column in 0..<columns {
                    let found = packed.number(role, layer: layer, row: row, column: column)
                    #expect(found == expected[row * columns + column])
                }
            }
        }
        let norm = LlamaFile.numbers("blk.1.ffn_norm.weight", 8)
        #expect((0..<8).map { packed.number(.feedForwardNorm, layer: 1, column: $0) } == norm)
        #expect(packed.artefact.tensor(.outputNorm)?.layout == .vectorF32)
        #expect(packed.model.layout == (isFull ? .panelF32 : .panelF16))
    }

    @Test("the configuration, tokenizer and template are the checkpoint's")
    func parts() throws {
        let packed = try Packed(LlamaFile().bytes())
        let shape = packed.artefact.configuration
        #expect(shape.layerCount == 2 && shape.hiddenSize == 8 && shape.headSize == 4 && shape.feedForwardSize == 12)
        #expect(shape.keyValueHeadCount == 1 && shape.vocabularySize == 300 && shape.contextLength == 128)
        #expect(shape.ropeBase == 5000 && shape.ropeDimensions == 4 && shape.name == "Tiny \"one\"")
        let tokenizer = try Tokenizer(verifying: packed.artefact.tokenizerTables)
        #expect(tokenizer.encode(Array("hello hello".utf8), control: .asText) == [259, 260])
        #expect(tokenizer.endTokens == [298, 299])
        let template = try ChatTemplate(verifying: packed.artefact.chatTemplate)
        let input = ChatInput(
            messages: [TemplateMessage(role: "user", content: "hi")], addsGenerationPrompt: true)
        #expect(try template.render(input).count == 3)
        #expect(packed.model.json.hasPrefix("{\"architecture\":\"llama\",\"name\":\"Tiny \\\"one\\\"\""))
    }

    @Test("a model without an output matrix ties it to the embedding")
    func tied() throws {
        let packed = try Packed(LlamaFile(hasOutput: false).bytes())
        #expect(packed.artefact.tensor(.output) == nil)
        #expect(packed.artefact.tensor(.tokenEmbedding) != nil)
    }

    @Test("without a template a model with turn tokens gets ChatML, another completes only")
    func defaultTemplate() throws {
        let packed = try Packed(LlamaFile(without: ["tokenizer.chat_template"]).bytes())
        let template = try ChatTemplate(verifying: packed.artefact.chatTemplate)
        let input = ChatInput(messages: [TemplateMessage(role: "user", content: "hi")], addsGenerationPrompt: true)
        let text = try template.render(input).flatMap(\.bytes)
        #expect(
            String(decoding: text, as: UTF8.self) == "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n")
        let plain = try Packed(
            LlamaFile(without: ["tokenizer.chat_template", "tokenizer.ggml.token_type"]).bytes())
        #expect(plain.artefact.chatTemplate.isEmpty)
        #expect(!plain.model.hasChatTemplate)
    }

    @Test("progress ends with all bytes of the weights")
    func progress() throws {
        var reports: [UInt64] = []
        var total: UInt64 = 0
        _ = try Packed(LlamaFile().bytes()) { done, all in
            reports.append(done)
            total = all
        }
        #expect(reports == reports.sorted())
        #expect(reports.last == total)
    }

    @Test("what is missing or wrong is named")
    func refusals() throws {
        func text(_ file: LlamaFile) throws -> String {
            let refusal = try #require(Packed.refusal(file.bytes()))
            #expect(refusal.status == 65)
            #expect(!refusal.text.contains("\n"))
            return refusal.text
        }
        for key in [
            "general.architecture", "llama.block_count", "llama.embedding_length", "llama.feed_forward_length",
            "llama.attention.head_count", "llama.context_length", "llama.attention.layer_norm_rms_epsilon",
            "tokenizer.ggml.model", "tokenizer.ggml.pre", "tokenizer.ggml.tokens", "tokenizer.ggml.merges",
        ] {
            #expect(try text(LlamaFile(without: [key])).contains("'\(key)'"))
        }
        let name = "blk.1.ffn_up.weight"
        #expect(try text(LlamaFile(withoutTensors: [name])).contains(name))
        #expect(try text(LlamaFile(shapes: [name: [12, 8]])).contains("[12, 8], expected [8, 12]"))
        #expect(
            try text(LlamaFile { $0.addTensor("blk.0.attn_sinks", [8], type: 0, offset: 0) }).contains("attn_sinks"))
        #expect(try text(LlamaFile { $0.add("llama.rope.scaling.type", "dynamic") }).contains("'dynamic'"))
        #expect(try text(LlamaFile { $0.add("llama.rope.scaling.factor", 0.5 as Float) }).contains("factor is 0.5"))
        #expect(try text(LlamaFile { $0.add("llama.attention.causal", false) }).contains("later tokens"))
        #expect(
            try text(LlamaFile { $0.addTensor("rope_freqs.weight", [2], type: 0, [UInt8](repeating: 0, count: 8)) })
                .contains("'rope_freqs.weight' is not a set of factors"))
        #expect(try text(LlamaFile { $0.add("llama.expert_count", UInt32(8)) }).contains("8 experts"))
        #expect(try text(LlamaFile { $0.add("llama.attention.value_length", UInt32(9)) }).contains("different sizes"))
        #expect(
            try text(LlamaFile(without: ["general.architecture"]) { $0.add("general.architecture", "mamba") })
                .contains(
                    "'mamba', which is not supported; known are llama, qwen2, qwen3, qwen3moe, qwen2moe, gemma2, gemma3, phi3"
                ))
        #expect(
            try text(LlamaFile(without: ["tokenizer.ggml.model"]) { $0.add("tokenizer.ggml.model", "rwkv") })
                .contains("'rwkv'"))
        #expect(
            try text(LlamaFile(without: ["tokenizer.ggml.pre"]) { $0.add("tokenizer.ggml.pre", "unheard-of") })
                .contains("'unheard-of'"))
        #expect(
            try text(
                LlamaFile(without: ["tokenizer.chat_template"]) { $0.add("tokenizer.chat_template", "{% include %}") }
            )
            .contains("'include' at line 1"))
    }

    @Test("a disk that is full is not the checkpoint's fault")
    func fullDisk() {
        #expect(PackError.artefact(.writeFailed(code: 28)).status == 74)
        #expect(PackError.artefact(.writeFailed(code: 28)).description.contains("disk is full"))
    }
}
