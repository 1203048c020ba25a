// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// Layers of experts. The rows of an expert are multiplied together; what each row gets from its experts is summed in
/// the order of its own choices, so that it does not depend on the other rows.
extension TransformerForwardPass {
    /// The probabilities of the experts for some rows, and the choice of each row.
    func route(_ rows: Range<Int>, _ layer: ExpertLayer) {
        guard let routing else { preconditionFailure("a layer of experts has a routing") }
        let count = shape.experts.count
        product(
            layer.router, 0..<Self.panels(count), activations.normed, rows, into: activations.routes, adding: false)
        for row in rows {
            let scores = activations.routes[row]
            let largest = scores[flow_largest(scores, count)]
            for expert in 0..<count { scores[expert] -= largest }
            flow_exponential(scores, count, scores)
            var total: Float = 0
            for expert in 0..<count { total += scores[expert] }
            flow_scale(scores, 1 / total, count)
            routing.choose(row, from: scores)
        }
    }

    /// Copies a row to the places of its choices.
    func gather(_ row: Int) {
        guard let routing else { return }
        for choice in 0..<routing.usedCount {
            let entry = routing.entry(ofRow: row, choice: choice)
            activations.gathered.copy(row: entry, from: activations.normed, row: row, count: shape.hiddenSize)
        }
    }

    /// A piece of the experts' gate and up matrices, with the activation.
    func expertGateAndUp(_ piece: ExpertPiece, _ layer: ExpertLayer) {
        let gate = activations.expertGate
        product(
            layer.gate[piece.expert], piece.panels, activations.gathered, piece.entries, into: gate.floats,
            adding: false)
        product(
            layer.up[piece.expert], piece.panels, activations.gathered, piece.entries, into: activations.expertUp,
            adding: false)
        let first = piece.panels.lowerBound * KernelLayout.panelRows
        let last = min(piece.panels.upperBound * KernelLayout.panelRows, shape.experts.feedForwardSize)
        for entry in piece.entries {
            activate(gate.floats[entry] + first, activations.expertUp[entry] + first, last - first)
            gate.convert(row: entry, first..<last)
        }
    }

    /// A piece of the experts' down matrices.
    func expertDown(_ piece: ExpertPiece, _ layer: ExpertLayer) {
        product(
            layer.down[piece.expert], piece.panels, activations.expertGate, piece.entries,
            into: activations.expertOutput, adding: false)
    }

    /// The row's branch: the weighted sum of its experts, and the shared expert as much as it counts.
    func combine(_ row: Int, _ layer: ExpertLayer, _ shared: FeedForward?) {
        guard let routing else { return }
        let hidden = shape.hiddenSize
        let branch = activations.branch[row]
        if shared == nil {
            branch.update(repeating: 0, count: hidden)
        } else if let router = layer.sharedRouter {
            // The row's choices are made, so their scores' place is free.
            product(router, 0..<1, activations.normed, row..<row + 1, into: activations.routes, adding: false)
            let score = activations.routes[row]
            score[0] = -score[0]
            flow_exponential(score, 1, score)
            flow_scale(branch, 1 / (1 + score[0]), hidden)
        }
        for choice in 0..<routing.usedCount {
            let entry = routing.entry(ofRow: row, choice: choice)
            flow_add_scaled(
                branch, activations.expertOutput[entry], routing.weight(ofRow: row, choice: choice), hidden)
        }
    }
}
