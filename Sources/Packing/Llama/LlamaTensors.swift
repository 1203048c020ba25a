// SPDX-License-Identifier: Apache-2.0
internal import Artefacts

/// Llama has what all decoders share, and nothing more.
enum LlamaTensors: DecoderTensors {
    static func additions(_ shape: ModelConfiguration, layer: Int) -> [TensorPlan] { [] }
}
