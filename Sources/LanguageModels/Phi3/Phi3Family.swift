// SPDX-License-Identifier: Apache-2.0
import Artefacts

/// Phi-3, 3.5 and 4: nothing unusual once packing has taken its joined matrices apart.
enum Phi3Family: TransformerFamily {
    static let architectures: [Architecture] = [.phi3]
    static let design = TransformerDesign()
}
