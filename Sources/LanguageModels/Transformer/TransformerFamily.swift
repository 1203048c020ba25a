// SPDX-License-Identifier: Apache-2.0
package import Artefacts

/// A family of models that share a design; one folder each.
protocol TransformerFamily {
    /// The families of the artefact format that it computes.
    static var architectures: [Architecture] { get }

    /// How its layers are put together.
    static var design: TransformerDesign { get }
}

extension Architecture {
    /// Every family that can be computed.
    private static var families: [any TransformerFamily.Type] {
        [
            LlamaFamily.self, Qwen2Family.self, Qwen3Family.self, Gemma2Family.self, Gemma3Family.self,
            Phi3Family.self, SmolLM3Family.self, OLMo2Family.self, GraniteFamily.self, BERTFamily.self,
            NomicBERTFamily.self,
        ]
    }

    /// The design of the architecture's layers.
    var design: TransformerDesign {
        guard let family = Self.families.first(where: { $0.architectures.contains(self) }) else {
            preconditionFailure("no family computes \(name)")
        }
        return family.design
    }

    /// Whether its tokens see those behind them and it ends with vectors, not with logits.
    package var isEncoder: Bool { design.seesWholeText }

    /// Whether RoPE pairs the first half of a head's numbers with the second. Where it pairs adjacent ones, rows
    /// of queries and keys lie accordingly in the artefact.
    package var rotatesHalves: Bool { design.rotatesHalves }
}
