// SPDX-License-Identifier: Apache-2.0
internal import Artefacts

/// Llama has what all decoders share, and nothing more.
enum LlamaTensors: DecoderTensors {
    static let huggingFace = HuggingFaceNames(classes: ["LlamaForCausalLM", "MistralForCausalLM"])

    static func additions(_ shape: ModelConfiguration, layer: Int) -> [TensorPlan] { [] }
}
