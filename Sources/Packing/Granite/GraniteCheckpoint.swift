// SPDX-License-Identifier: Apache-2.0
internal import Artefacts

/// Granite: Llama with multipliers.
enum GraniteCheckpoint: CheckpointFamily {
    static let architecture = Architecture.granite
    static let huggingFace = HuggingFaceNames(
        classes: ["GraniteForCausalLM"],
        settings: HuggingFaceNames.standardSettings.merging([
            "attention.scale": ["attention_multiplier"], "embedding_scale": ["embedding_multiplier"],
            "residual_scale": ["residual_multiplier"], "logit_scale": ["logits_scaling"],
        ]) { $1 })

    static func configure(_ shape: inout ModelConfiguration, _ metadata: any FamilyMetadata) throws(PackError) {
        shape.scaling.embedding = Float(try metadata.float("embedding_scale", default: 1))
        shape.scaling.residual = Float(try metadata.float("residual_scale", default: 1))
        let divisor = try metadata.float("logit_scale", default: 1)
        guard divisor > 0 else { throw .inconsistent("its logits are divided by \(divisor)") }
        shape.scaling.logits = Float(1 / divisor)
    }
}
