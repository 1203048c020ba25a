// SPDX-License-Identifier: Apache-2.0
import Artefacts

/// nomic-bert: BERT with rotary positions and a gated feed-forward layer.
enum NomicBERTFamily: TransformerFamily {
    static let architectures: [Architecture] = [.nomicBERT]
    static let design = TransformerDesign(
        seesWholeText: true, norms: .afterSum, centresNorms: true, hasOutputNorm: false, hasLogits: false)
}
