// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// Gemma 2: branches are normed before and behind; its bounds and windows are in the configuration.
enum Gemma2Family: TransformerFamily {
    static let architectures: [Architecture] = [.gemma2]
    static let design = TransformerDesign(norms: .around, activation: FLOW_ACTIVATION_GELU_TANH)
}
