// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// The probabilities of the experts for each token, and the choice of each.
struct RouteTokens: TokenOperation {
    let experts: ExpertLayer

    func tokenCount(in step: TransformerStep) -> Int { step.input.tokenCount }

    func compute(_ tokens: Range<Int>, in step: TransformerStep) {
        let count = step.shape.experts.count
        let routes = step.activations.routes
        step.activations.normed.multiply(
            experts.router, 0..<KernelLayout.panelCount(ofRows: count), tokens, into: routes, adding: false)
        for token in tokens {
            let scores = routes[token]
            let largest = scores[flow_largest(scores, count)]
            for expert in 0..<count { scores[expert] -= largest }
            flow_exponential(scores, count, scores)
            var total: Float = 0
            for expert in 0..<count { total += scores[expert] }
            flow_scale(scores, 1 / total, count)
            step.experts.choose(token, from: scores)
        }
    }
}

/// Sorts the tokens of the step by their experts, in one tile.
struct GroupTokens: TransformerOperation {
    func cut(in step: TransformerStep) -> Int { 1 }

    func run(_ tile: Int, in step: TransformerStep, rank: Int) {
        step.experts.group(tokenCount: step.input.tokenCount)
    }

    /// The routing is changed in place.
    var usesBuffers: Bool { false }
    func deliver(_ tile: Int, in step: TransformerStep, rank: Int) {}
}

/// Copies each token to the places of its choices.
struct GatherTokens: TokenOperation {
    func tokenCount(in step: TransformerStep) -> Int { step.input.tokenCount }

    func compute(_ tokens: Range<Int>, in step: TransformerStep) {
        let (routing, activations) = (step.experts, step.activations)
        for token in tokens {
            for choice in 0..<routing.usedCount {
                activations.gathered.copy(
                    row: routing.entry(ofToken: token, choice: choice), from: activations.normed, row: token,
                    count: step.shape.hiddenSize)
            }
        }
    }
}

extension TransformerStep {
    /// The routing of a model with experts.
    var experts: ExpertRouting {
        guard let routing else { preconditionFailure("a program has operations of experts only where there are some") }
        return routing
    }
}
