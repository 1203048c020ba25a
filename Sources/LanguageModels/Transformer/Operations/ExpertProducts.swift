// SPDX-License-Identifier: Apache-2.0
import Artefacts

/// Products with the matrices of experts: what `ExpertProducts` needs to know of them.
protocol ExpertTileProduct {
    /// Panels of one expert, and bytes of weights for each of them.
    var panels: Int { get }
    var panelBytes: Int { get }

    /// Multiplies the panels of a tile with its entries.
    func compute(_ tile: ExpertTile, in step: TransformerStep)
}

/// An operation over the matrices of all experts that have tokens. The tokens of an expert are multiplied together.
struct ExpertProducts<Product: ExpertTileProduct>: TransformerOperation {
    private let product: Product

    init(_ product: Product) {
        self.product = product
    }

    func cut(in step: TransformerStep) -> Int { tiles(in: step).count }

    func run(_ tile: Int, in step: TransformerStep, rank: Int) {
        product.compute(tiles(in: step)[tile], in: step)
    }

    /// There are no buffers for entries of experts yet.
    var usesBuffers: Bool { false }
    func deliver(_ tile: Int, in step: TransformerStep, rank: Int) {}

    private func tiles(in step: TransformerStep) -> ExpertTiles {
        ExpertTiles(
            step.experts, panels: product.panels, panelBytes: product.panelBytes, rankCount: step.rankCount)
    }
}

/// Gate and up of the experts, with the activation.
struct ExpertGateAndUp: ExpertTileProduct {
    let experts: ExpertLayer

    var panels: Int { experts.gate.panels }
    var panelBytes: Int { 2 * experts.gate.panelBytes }

    func compute(_ tile: ExpertTile, in step: TransformerStep) {
        let gate = step.activations.expertGate
        let (gathered, up) = (step.activations.gathered, step.activations.expertUp)
        gathered.multiply(experts.gate[tile.expert], tile.panels, tile.entries, into: gate.floats, adding: false)
        gathered.multiply(experts.up[tile.expert], tile.panels, tile.entries, into: up, adding: false)
        let own = KernelLayout.rows(ofPanels: tile.panels, of: step.shape.experts.feedForwardSize)
        for entry in tile.entries {
            step.model.design.activate(gate.floats[entry] + own.lowerBound, up[entry] + own.lowerBound, own.count)
            gate.convert(row: entry, own)
        }
    }
}

/// Down of the experts.
struct ExpertDown: ExpertTileProduct {
    let experts: ExpertLayer

    var panels: Int { experts.down.panels }
    var panelBytes: Int { experts.down.panelBytes }

    func compute(_ tile: ExpertTile, in step: TransformerStep) {
        step.activations.expertGate.multiply(
            experts.down[tile.expert], tile.panels, tile.entries, into: step.activations.expertOutput, adding: false)
    }
}
