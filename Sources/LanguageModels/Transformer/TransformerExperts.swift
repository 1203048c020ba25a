// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// Layers of experts. The tokens of an expert are multiplied together; what each token gets from its experts is summed
/// in the order of its own choices, so that it does not depend on the other tokens.
extension TransformerForwardPass {
    /// The probabilities of the experts for some tokens, and the choice of each token.
    func route(_ tokens: Range<Int>, _ layer: ExpertLayer) {
        guard let routing else { preconditionFailure("a layer of experts has a routing") }
        let count = shape.experts.count
        product(
            layer.router, 0..<Self.panels(count), activations.normed, tokens, into: activations.routes, adding: false)
        for token in tokens {
            let scores = activations.routes[token]
            let largest = scores[flow_largest(scores, count)]
            for expert in 0..<count { scores[expert] -= largest }
            flow_exponential(scores, count, scores)
            var total: Float = 0
            for expert in 0..<count { total += scores[expert] }
            flow_scale(scores, 1 / total, count)
            routing.choose(token, from: scores)
        }
    }

    /// Copies a token to the places of its choices.
    func gather(_ token: Int) {
        guard let routing else { return }
        for choice in 0..<routing.usedCount {
            let entry = routing.entry(ofToken: token, choice: choice)
            activations.gathered.copy(row: entry, from: activations.normed, row: token, count: shape.hiddenSize)
        }
    }

    /// A tile of the experts' gate and up matrices, with the activation.
    func expertGateAndUp(_ tile: ExpertTile, _ layer: ExpertLayer) {
        let gate = activations.expertGate
        product(
            layer.gate[tile.expert], tile.panels, activations.gathered, tile.entries, into: gate.floats,
            adding: false)
        product(
            layer.up[tile.expert], tile.panels, activations.gathered, tile.entries, into: activations.expertUp,
            adding: false)
        let first = tile.panels.lowerBound * KernelLayout.panelRows
        let last = min(tile.panels.upperBound * KernelLayout.panelRows, shape.experts.feedForwardSize)
        for entry in tile.entries {
            activate(gate.floats[entry] + first, activations.expertUp[entry] + first, last - first)
            gate.convert(row: entry, first..<last)
        }
    }

    /// A tile of the experts' down matrices.
    func expertDown(_ tile: ExpertTile, _ layer: ExpertLayer) {
        product(
            layer.down[tile.expert], tile.panels, activations.expertGate, tile.entries,
            into: activations.expertOutput, adding: false)
    }

    /// The token's branch: the weighted sum of its experts, and the shared expert as much as it counts.
    func combine(_ token: Int, _ layer: ExpertLayer, _ shared: FeedForward?) {
        guard let routing else { return }
        let hidden = shape.hiddenSize
        let branch = activations.branch[token]
        if shared == nil {
            branch.update(repeating: 0, count: hidden)
        } else if let router = layer.sharedRouter {
            // The token's choices are made, so their scores' place is free.
            product(router, 0..<1, activations.normed, token..<token + 1, into: activations.routes, adding: false)
            let score = activations.routes[token]
            score[0] = -score[0]
            flow_exponential(score, 1, score)
            flow_scale(branch, 1 / (1 + score[0]), hidden)
        }
        for choice in 0..<routing.usedCount {
            let entry = routing.entry(ofToken: token, choice: choice)
            flow_add_scaled(
                branch, activations.expertOutput[entry], routing.weight(ofToken: token, choice: choice), hidden)
        }
    }
}
