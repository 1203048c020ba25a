// SPDX-License-Identifier: Apache-2.0
internal import Artefacts

/// SmolLM3: every fourth layer does not rotate.
enum SmolLM3Checkpoint: CheckpointFamily {
    static let architecture = Architecture.smollm3
    static let huggingFace = HuggingFaceNames(
        classes: ["SmolLM3ForCausalLM"],
        settings: HuggingFaceNames.standardSettings.merging([
            rotating: ["no_rope_layers"], period: ["no_rope_layer_interval"],
        ]) { $1 },
        derived: Qwen2Checkpoint.windowInUse, tiesEmbeddings: true)

    /// Which layers rotate, and of how many the last one does not; GGUF files say neither.
    private static let rotating = "rope.layers"
    private static let period = "rope.layer_period"

    static func configure(_ shape: inout ModelConfiguration, _ metadata: any FamilyMetadata) throws(PackError) {
        let count = shape.layerCount
        guard (1...LayerSet.maxLayers).contains(count) else { return }
        if let list = try metadata.flags(ifPresent: rotating) {
            guard list.count == count else {
                throw .inconsistent("'no_rope_layers' has \(list.count) entries for \(count) layers")
            }
            shape.unrotatedLayers = LayerSet(of: count) { !list[$0] }
        } else {
            let period = try metadata.integer(period, default: 4)
            guard period > 0 else { throw .inconsistent("'no_rope_layer_interval' is \(period)") }
            shape.unrotatedLayers = LayerSet(of: count) { ($0 + 1) % period == 0 }
        }
    }
}
