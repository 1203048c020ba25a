// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Packing

@Suite("HuggingFaceNames")
struct HuggingFaceNamesTests {
    private let names = HuggingFaceNames(
        classes: ["X"],
        layerTensors: HuggingFaceNames.standardLayer.merging(["mlp.experts.*.up_proj": "ffn_up_exps"]) { $1 })

    @Test("tensors of the model, of layers and of stacks get GGUF's names")
    func places() {
        #expect(names.place(of: "model.embed_tokens.weight")?.name == "token_embd.weight")
        #expect(names.place(of: "embed_tokens.weight")?.name == "token_embd.weight")
        #expect(names.place(of: "lm_head.weight")?.name == "output.weight")
        #expect(names.place(of: "model.layers.12.self_attn.q_proj.bias")?.name == "blk.12.attn_q.bias")
        #expect(names.place(of: "model.norm.gamma")?.name == "output_norm.weight")
        #expect(names.place(of: "model.layers.1.input_layernorm.beta")?.name == "blk.1.attn_norm.bias")
        let expert = names.place(of: "model.layers.3.mlp.experts.17.up_proj.weight")
        #expect(expert == HuggingFaceNames.Place(name: "blk.3.ffn_up_exps.weight", number: 17))
    }

    @Test("other names have no place")
    func strangers() {
        for name in [
            "", "weight", ".weight", "model.layers.weight", "model.layers.0.weight",
            "model.layers.x.mlp.up_proj.weight",
            "model.layers.-1.mlp.up_proj.weight", "model.layers.00.mlp.up_proj.weight", "model.layers.0.mlp.up_proj",
            "model.layers.0.mlp.up_proj.scale", "model.layers.0.mlp.experts.1.2.up_proj.weight", "vision.tower.weight",
            "model.layers.99999999999999999999.mlp.up_proj.weight",
        ] {
            #expect(names.place(of: name) == nil, "\(name)")
        }
    }

    @Test("messages name tensors as the folder does")
    func folderNames() {
        #expect(names.folderName(of: "token_embd.weight") == "model.embed_tokens.weight")
        #expect(names.folderName(of: "output.weight") == "lm_head.weight")
        #expect(names.folderName(of: "blk.2.ffn_norm.weight") == "model.layers.2.post_attention_layernorm.weight")
        #expect(names.folderName(of: "blk.2.other.weight") == "blk.2.other.weight")
    }

    @Test("rows of heads are taken so that halves become adjacent pairs")
    func rowOrder() {
        let order = RowOrder.pairsFromHalves(headSize: 6, rotated: 4)
        #expect((0..<12).map(order.stored) == [0, 2, 1, 3, 4, 5, 6, 8, 7, 9, 10, 11])
        #expect((0..<4).map(RowOrder.asStored.stored) == [0, 1, 2, 3])
    }
}
