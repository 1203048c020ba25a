// SPDX-License-Identifier: Apache-2.0

import Artefacts
import ChatTemplates
import ServingModel
import TestSupport
import Testing
import Tokenization

@testable import Packing

@Suite("Folders of Hugging Face")
struct HuggingFaceSourceTests {
    private func refusal(_ folder: LlamaFolder) throws -> String {
        let refusal = try #require(Packed.refusal(folder.bytes()))
        #expect(refusal.status == 65)
        return refusal.text
    }

    @Test("a folder becomes the artefact that the GGUF file of the same model becomes")
    func sameArtefact() throws {
        let (folder, file) = (try Packed(LlamaFolder().bytes()), try Packed(LlamaFile().bytes()))
        #expect(folder.artefact.configuration == file.artefact.configuration)
        #expect(folder.artefact.tensorCount == file.artefact.tensorCount)
        for index in 0..<file.artefact.tensorCount {
            let (ours, theirs) = (folder.artefact.tensor(at: index), file.artefact.tensor(at: index))
            #expect(ours.role == theirs.role && ours.layer == theirs.layer && ours.layout == theirs.layout)
            let bytes = [ours, theirs].map { Array(UnsafeRawBufferPointer(start: $0.data, count: $0.byteCount)) }
            #expect(bytes[0] == bytes[1], "\(ours.role) of layer \(ours.layer)")
        }
        let tokenizer = try Tokenizer(verifying: folder.artefact.tokenizerTables)
        #expect(tokenizer.encode(Array("hello hello".utf8), control: .asText) == [259, 260])
        #expect(Set(tokenizer.endTokens) == [298, 299])
        let template = try ChatTemplate(verifying: folder.artefact.chatTemplate)
        let input = ChatInput(messages: [TemplateMessage(role: "user", content: "hi")], addsGenerationPrompt: true)
        #expect(try template.render(input).flatMap(\.bytes) == Array("[hi]".utf8))
    }

    @Test("how the makers want tokens chosen is told, from either kind of checkpoint; what cannot be is left out")
    func samplingDefaults() throws {
        #expect(try Packed(LlamaFolder().bytes()).model.sampling.isEmpty)
        let settings = #"{"eos_token_id":298,"temperature":0.7,"top_k":20,"top_p":0.8,"repetition_penalty":1e9}"#
        let folder = try Packed(LlamaFolder(change: { $0["generation_config.json"] = Array(settings.utf8) }).bytes())
        var expected = SamplingDefaults()
        expected.temperature = 0.7
        expected.topK = 20
        expected.topP = 0.8
        #expect(folder.model.sampling == expected)
        #expect(folder.model.json.contains(#""sampling":{"temperature":0.7,"topK":20,"topP":0.8}"#))
        let file = try Packed(
            LlamaFile {
                $0.add("general.sampling.temp", 0.7 as Float)
                $0.add("general.sampling.top_k", UInt32(20))
                $0.add("general.sampling.top_p", 0.8 as Float)
            }.bytes())
        #expect(file.model.sampling == expected)
    }

    @Test(
        "an embedding model's folder says how it pools",
        arguments: [
            ("mean_tokens", Pooling.mean), ("cls_token", .first), ("lasttoken", .last), ("none", .unspecified),
        ])
    func pooling(mode: String, pooling: Pooling) throws {
        let isChosen = pooling != .unspecified
        let settings = Array(#"{"word_embedding_dimension": 8, "pooling_mode_\#(mode)": \#(isChosen)}"#.utf8)
        let packed = try Packed(LlamaFolder(change: { $0["1_Pooling+config.json"] = settings }).bytes())
        #expect(packed.artefact.configuration.pooling == pooling)
    }

    @Test("ways to pool that are not built in are named", arguments: ["max_tokens", "mean_sqrt_len_tokens"])
    func unknownPooling(mode: String) throws {
        for other in ["", #""pooling_mode_mean_tokens": true,"#] {
            let settings = Array(#"{\#(other) "pooling_mode_\#(mode)": true}"#.utf8)
            let folder = LlamaFolder(change: { $0["1_Pooling+config.json"] = settings })
            let text = try refusal(folder)
            #expect(text.contains("pooling_mode_\(mode)") && text.contains("which is not supported"), "\(text)")
        }
        let both = Array(#"{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": true}"#.utf8)
        let folder = LlamaFolder(change: { $0["1_Pooling+config.json"] = both })
        #expect(try refusal(folder).contains("pooling_mode_cls_token and pooling_mode_mean_tokens"))
    }

    @Test("an output matrix beside tied embeddings is not used")
    func tied() throws {
        let packed = try Packed(LlamaFolder(configuration: ["tie_word_embeddings": "true"]).bytes())
        #expect(packed.artefact.tensor(.output) == nil)
        let without = try Packed(LlamaFolder(withoutTensors: ["lm_head.weight"]).bytes())
        #expect(without.artefact.tensor(.output) == nil)
    }

    @Test("rotary settings are found where new and old configurations have them")
    func rotary() throws {
        let new = #"{"rope_theta":5000,"rope_type":"linear","factor":4}"#
        let old = #"{"type":"linear","factor":4}"#
        for configuration in [["rope_parameters": new, "rope_theta": "null"], ["rope_scaling": old]] {
            let packed = try Packed(LlamaFolder(configuration: configuration).bytes())
            #expect(packed.artefact.configuration.ropeScale == 0.25)
            #expect(packed.artefact.configuration.ropeBase == 5000)
        }
        let scaling = """
            {"rope_type":"llama3","factor":8,"low_freq_factor":1,"high_freq_factor":4,
            "original_max_position_embeddings":32}
            """
        let packed = try Packed(LlamaFolder(configuration: ["rope_scaling": scaling]).bytes())
        // Pairs of wavelengths 6.3 (5 turns in 32 positions) and 444 (0.07 turns).
        #expect(packed.number(.ropeFactors, column: 0) == 1)
        #expect(packed.number(.ropeFactors, column: 1) == 8)
        #expect(
            packed.artefact.configuration.parameterCount
                == (try Packed(LlamaFile().bytes())).model.configuration.parameterCount)
        let half = try Packed(LlamaFolder(configuration: ["partial_rotary_factor": "0.5"]).bytes())
        #expect(half.artefact.configuration.ropeDimensions == 2)
    }

    @Test("what is missing or wrong is named as the folder has it")
    func refusals() throws {
        for file in ["config.json", "tokenizer.json", "model-00002-of-00002.safetensors"] {
            #expect(try refusal(LlamaFolder { $0[file] = nil }).contains(file))
        }
        #expect(try refusal(LlamaFolder { $0["config.json"] = Array("{".utf8) }).contains("config.json: "))
        for member in ["num_hidden_layers", "hidden_size", "intermediate_size", "num_attention_heads", "rms_norm_eps"] {
            #expect(try refusal(LlamaFolder(configuration: [member: "null"])).contains("no '\(member)'"))
            #expect(
                try refusal(LlamaFolder(configuration: [member: "\"x\""])).contains("'\(member)' of config.json is not")
            )
        }
        let name = "model.layers.1.mlp.up_proj.weight"
        #expect(try refusal(LlamaFolder(withoutTensors: [name])).contains("'\(name)'"))
        #expect(try refusal(LlamaFolder(configuration: ["intermediate_size": "13"])).contains("mlp.gate_proj.weight'"))
        for (member, value, words) in [
            (
                "architectures", #"["MambaForCausalLM"]"#,
                "'MambaForCausalLM', which is not supported; known are LlamaFor"
            ),
            ("architectures", "[]", "no 'architectures'"), ("hidden_act", "\"gelu\"", "activation 'gelu'"),
            ("quantization_config", #"{"quant_method":"awq"}"#, "quantised by 'awq'"),
            ("rope_scaling", #"{"rope_type":"dynamic","factor":2}"#, "'dynamic'"),
            ("rope_scaling", #"{"rope_type":"llama3","factor":0}"#, "'factor' of the llama3 scaling"),
            ("layer_types", #"["full_attention","chunked_attention"]"#, "'layer_types'"),
            ("eos_token_id", "300", "'eos_token_id'"),
            ("partial_rotary_factor", "0.8", "turns 3 numbers of heads of 4"),
            ("head_dim", "0", "turns 0 numbers"), ("num_attention_heads", "0", "0 attention heads"),
        ] {
            #expect(try refusal(LlamaFolder(configuration: [member: value])).contains(words), "\(member): \(value)")
        }
    }

    @Test("of two templates that for tools is taken where there are tools")
    func toolTemplate() throws {
        let list = #"""
            {"chat_template": [{"name": "default", "template": "\nD {{ messages[0].content }}\n"},
            {"name": "tool_use", "template": "T{{ tools | length }}\n"}]}
            """#
        let packed = try Packed(
            LlamaFolder {
                $0["chat_template.jinja"] = nil
                $0["tokenizer_config.json"] = Array(list.utf8)
            }.bytes())
        let template = try ChatTemplate(verifying: packed.artefact.chatTemplate)
        var input = ChatInput(messages: [TemplateMessage(role: "user", content: "hi")], addsGenerationPrompt: true)
        #expect(try template.render(input).flatMap(\.bytes) == Array("\nD hi".utf8))
        input.tools = "[{},{}]"
        #expect(try template.render(input).flatMap(\.bytes) == Array("T2".utf8))
    }

    @Test("added tokens behind the last embedding are dropped; others are an error")
    func tokensBeyondEmbeddings() throws {
        func folder(_ change: @escaping (inout String) -> Void) -> LlamaFolder {
            LlamaFolder {
                var text = String(decoding: $0["tokenizer.json"] ?? [], as: UTF8.self)
                change(&text)
                $0["tokenizer.json"] = Array(text.utf8)
            }
        }
        let token = #"{"id":300,"content":"<image>","special":true}"#
        let packed = try Packed(
            folder { $0 = $0.replacing("\"added_tokens\":[", with: "\"added_tokens\":[\(token),") }.bytes())
        let tokenizer = try Tokenizer(verifying: packed.artefact.tokenizerTables)
        #expect(tokenizer.encode(Array("<image>".utf8), control: .recognised).allSatisfy { $0 < 300 })
        let refused = folder { $0 = $0.replacing("\"vocab\":{", with: "\"vocab\":{\"zz\":300,") }
        #expect(try refusal(refused).contains("301 tokens and 300 embeddings"))
    }

    @Test("layers of kinds that are not built in are named")
    func unsupportedLayers() throws {
        let experts = [
            "architectures": #"["Qwen3MoeForCausalLM"]"#, "num_experts": "2", "num_experts_per_tok": "1",
            "moe_intermediate_size": "4",
        ]
        for (member, value) in [("mlp_only_layers", "[1]"), ("decoder_sparse_step", "2")] {
            let text = try refusal(LlamaFolder(configuration: experts.merging([member: value]) { $1 }))
            #expect(text.contains(member) && text.contains("not supported"), "\(text)")
        }
        let gemma = ["architectures": #"["Gemma3ForCausalLM"]"#, "hidden_act": "\"gelu_pytorch_tanh\""]
        for (layers, kind) in [("sliding_attention", "linear"), ("full_attention", "llama3")] {
            let rotary = "{\"\(layers)\":{\"rope_type\":\"\(kind)\",\"factor\":4}}"
            let text = try refusal(LlamaFolder(configuration: gemma.merging(["rope_parameters": rotary]) { $1 }))
            #expect(text.contains("'\(kind)'") && text.contains(layers), "\(text)")
        }
    }

    @Test("an index that promises what is not there is named")
    func indices() throws {
        func index(_ text: String) throws -> String {
            try refusal(LlamaFolder { $0["model.safetensors.index.json"] = Array(text.utf8) })
        }
        #expect(try index("{}").contains("no 'weight_map'"))
        #expect(try index(#"{"weight_map":{"a":"model-00003-of-00003.safetensors"}}"#).contains("lacks model-00003"))
        #expect(try index(#"{"weight_map":{"a":"model-00001-of-00002.safetensors"}}"#).contains("lacks tensor 'a'"))
        let twice = LlamaFolder { $0["model-00002.safetensors"] = $0["model-00002-of-00002.safetensors"] }
        #expect(try refusal(twice).contains("and in model-00002"))
    }
}
