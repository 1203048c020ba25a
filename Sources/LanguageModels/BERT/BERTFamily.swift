// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// BERT: an encoder; positions and segments are added to the embeddings, every part has a bias.
enum BERTFamily: TransformerFamily {
    static let architectures: [Architecture] = [.bert]
    static let design = TransformerDesign(
        seesWholeText: true, norms: .afterSum, centresNorms: true, needsAttentionBiases: true,
        gatesFeedForward: false, activation: FLOW_ACTIVATION_GELU, hasOutputNorm: false, hasLogits: false)
}
