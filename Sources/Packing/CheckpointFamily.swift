// SPDX-License-Identifier: Apache-2.0
internal import Artefacts

/// What is particular to a family's checkpoints; one folder each. What it does not say is as Llama has it.
protocol CheckpointFamily {
    /// The family of the artefact format that it reads.
    static var architecture: Architecture { get }

    /// How folders of Hugging Face write it.
    static var huggingFace: HuggingFaceNames { get }

    /// Whether its feed-forward layers are experts.
    static var hasExperts: Bool { get }

    /// Whether the weights of a token's experts sum to 1 where the checkpoint does not say it.
    static var normalisesExperts: Bool { get }

    /// The setting that is added to the mean square in norms.
    static var normEpsilonKey: String { get }

    /// Sets what the shared settings do not say; these are read already.
    static func configure(_ shape: inout ModelConfiguration, _ metadata: any FamilyMetadata) throws(PackError)

    /// Layers that see only the last positions where the checkpoint has a window and does not list them.
    static func hasWindow(layer: Int) -> Bool

    /// The tensors of a layer, in the order in which they are packed.
    static func planLayer(_ plan: inout LayerPlan)

    /// The tensors outside the layers.
    static func planModel(_ plan: inout ModelPlan)
}

extension CheckpointFamily {
    static var hasExperts: Bool { false }

    static var normalisesExperts: Bool { true }

    static var normEpsilonKey: String { "attention.layer_norm_rms_epsilon" }

    static func configure(_ shape: inout ModelConfiguration, _ metadata: any FamilyMetadata) throws(PackError) {}

    static func hasWindow(layer: Int) -> Bool { true }

    static func planLayer(_ plan: inout LayerPlan) {
        plan.norm("attn_norm", .attentionNorm)
        plan.attention()
        plan.norm("ffn_norm", .feedForwardNorm)
        plan.feedForward()
    }

    static func planModel(_ plan: inout ModelPlan) {
        plan.outputNorm()
        plan.ropeFactors()
        plan.embeddings()
    }
}

extension Architecture {
    /// Every family that can be read.
    private static var checkpointFamilies: [any CheckpointFamily.Type] {
        [
            LlamaCheckpoint.self, Qwen2Checkpoint.self, Qwen2ExpertCheckpoint.self, Qwen3Checkpoint.self,
            Qwen3ExpertCheckpoint.self, Gemma2Checkpoint.self, Gemma3Checkpoint.self, Phi3Checkpoint.self,
            SmolLM3Checkpoint.self, OLMo2Checkpoint.self, GraniteCheckpoint.self, BERTCheckpoint.self,
            NomicBERTCheckpoint.self,
        ]
    }

    /// How the architecture's checkpoints are read.
    var checkpointFamily: any CheckpointFamily.Type {
        guard let family = Self.checkpointFamilies.first(where: { $0.architecture == self }) else {
            preconditionFailure("no family reads \(name)")
        }
        return family
    }
}
