// SPDX-License-Identifier: Apache-2.0
import Artefacts

/// OLMo 2: norms behind the branches, and one over all queries, one over all keys.
enum OLMo2Family: TransformerFamily {
    static let architectures: [Architecture] = [.olmo2]
    static let design = TransformerDesign(norms: .after, headNorms: .together)
}
