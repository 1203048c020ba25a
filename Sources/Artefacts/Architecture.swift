// SPDX-License-Identifier: Apache-2.0

/// The families of models that an artefact can hold. The numbers are part of the file format.
package enum Architecture: UInt32, Sendable, Equatable, CaseIterable {
    /// Llama and Mistral: pre-normalised decoder, rotary embedding of adjacent pairs, grouped heads, SwiGLU.
    case llama = 1
    /// Qwen2 and 2.5: biases of queries, keys and values.
    case qwen2 = 2
    /// Qwen3 without experts: norms of each query and key.
    case qwen3 = 3
    /// Qwen3 whose feed-forward layers are many experts, a few of which treat each token.
    case qwen3moe = 4
    /// Qwen2 with experts, beside one that treats all tokens.
    case qwen2moe = 5
    /// Gemma 2: norms around both branches, every other layer sees a window, scores and logits are capped.
    case gemma2 = 6
    /// Gemma 3: five of six layers see a window and turn faster; norms of each query and key.
    case gemma3 = 7
    /// Phi-3 and 4: projections stored together, frequencies of their own for long contexts.
    case phi3 = 8
    /// SmolLM3: Llama in which every fourth layer does not rotate.
    case smollm3 = 9
    /// OLMo 2: norms after the branches, and over all queries and all keys.
    case olmo2 = 10
    /// Granite: Llama with a multiplier wherever numbers meet.
    case granite = 11
    /// BERT: an encoder with learned positions.
    case bert = 12
    /// nomic-bert: an encoder with rotary positions and SwiGLU.
    case nomicBERT = 13

    /// The name that checkpoints and listings use.
    package var name: String { self == .nomicBERT ? "nomic-bert" : "\(self)" }

    /// The family of that name; nil for one that is not built in.
    package init?(named name: String) {
        guard let known = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = known
    }
}
