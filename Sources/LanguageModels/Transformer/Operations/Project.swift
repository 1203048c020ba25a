// SPDX-License-Identifier: Apache-2.0
import Artefacts

/// The products with the matrices of queries, keys and values, whose panels lie behind each other.
struct Project: TileProduct {
    /// One of the three matrices, and where its panels stand among those of the operation.
    private struct Part {
        let projection: Projection
        let panels: Range<Int>
        let target: ActivationRows
    }

    private let parts: [Part]

    init(_ layer: TransformerLayer, _ activations: TransformerActivations) {
        var parts: [Part] = []
        for (projection, target) in [
            (layer.query, activations.queries), (layer.key, activations.keys), (layer.value, activations.values),
        ] {
            let first = parts.last?.panels.upperBound ?? 0
            parts.append(
                Part(projection: projection, panels: first..<first + projection.panelCount, target: target))
        }
        self.parts = parts
    }

    func size(in step: TransformerStep) -> ProductSize {
        ProductSize(
            panels: parts[2].panels.upperBound, panelBytes: parts[0].projection.matrix.panelBytes,
            tokens: step.input.tokenCount)
    }

    func compute(_ tile: ProductTile, in step: TransformerStep) {
        for part in parts {
            let own = tile.panels.clamped(to: part.panels)
            guard !own.isEmpty else { continue }
            let first = part.panels.lowerBound
            let matrix = part.projection.matrix
            let following = tile.next.flatMap { part.panels.contains($0) ? matrix.panel($0 - first) : nil }
            step.activations.normed.multiply(
                part.projection, own.lowerBound - first..<own.upperBound - first, next: following, tile.tokens,
                into: tile.buffer?.outputs(firstPanel: first) ?? part.target, adding: false)
        }
    }

    func deliver(_ buffer: TileBuffer, in step: TransformerStep) {
        for part in parts {
            let own = buffer.panels.clamped(to: part.panels)
            guard !own.isEmpty else { continue }
            let first = part.panels.lowerBound
            buffer.copy(
                part.projection.outputs(of: own.lowerBound - first..<own.upperBound - first),
                from: buffer.outputs(firstPanel: first), to: part.target)
        }
    }
}
