// SPDX-License-Identifier: Apache-2.0
internal import Artefacts

/// Llama 2 and 3 and Mistral, what all others are described against. Biases are there in some.
enum LlamaCheckpoint: CheckpointFamily {
    static let architecture = Architecture.llama
    static let huggingFace = HuggingFaceNames(classes: ["LlamaForCausalLM", "MistralForCausalLM"])
}
