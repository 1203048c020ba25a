// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// Gemma 3, its text part: Gemma 2 with norms of heads in place of bounds.
enum Gemma3Family: TransformerFamily {
    static let architectures: [Architecture] = [.gemma3]
    static let design = TransformerDesign(norms: .around, headNorms: .each, activation: FLOW_ACTIVATION_GELU_TANH)
}
