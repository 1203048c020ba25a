// SPDX-License-Identifier: Apache-2.0
internal import Artefacts

/// How a family's checkpoints differ from those of other decoders; one folder each.
protocol DecoderTensors {
    /// How folders of Hugging Face write it.
    static var huggingFace: HuggingFaceNames { get }

    /// The plans of a layer's tensors beyond those that all decoders have, in the order in which they are packed.
    static func additions(_ shape: ModelConfiguration, layer: Int) -> [TensorPlan]
}

extension Architecture {
    /// What is particular to the family's checkpoints.
    var tensors: any DecoderTensors.Type {
        switch self {
        case .qwen2: Qwen2Tensors.self
        case .qwen3: Qwen3Tensors.self
        default: LlamaTensors.self
        }
    }
}
