// SPDX-License-Identifier: Apache-2.0
internal import Artefacts

/// Tensors that a family's layers have beyond those that all decoders share; one folder each.
protocol DecoderTensors {
    /// The plans of one layer's additional tensors, in the order in which they are packed.
    static func additions(_ shape: ModelConfiguration, layer: Int) -> [TensorPlan]
}

extension Architecture {
    /// The additional tensors of the family.
    var tensors: any DecoderTensors.Type {
        switch self {
        case .llama: LlamaTensors.self
        case .qwen2: Qwen2Tensors.self
        case .qwen3: Qwen3Tensors.self
        }
    }
}
