// SPDX-License-Identifier: Apache-2.0
import Artefacts

/// Granite: Llama; its multipliers are in the configuration.
enum GraniteFamily: TransformerFamily {
    static let architectures: [Architecture] = [.granite]
    static let design = TransformerDesign(rotatesHalves: false)
}
