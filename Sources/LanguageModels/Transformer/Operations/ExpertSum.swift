// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// The sum of what a token gets from its experts, in the order of its own choices, so that it does not depend on the other
/// tokens.
struct ExpertSum {
    let experts: ExpertLayer
    /// Whether a shared expert has left its output in the branch.
    let hasShared: Bool

    /// The branch of a token: the weighted sum of its experts, and the shared expert as much as it counts.
    func combine(_ token: Int, in step: TransformerStep) {
        let hidden = step.shape.hiddenSize
        let activations = step.activations
        let branch = activations.branch[token]
        if !hasShared {
            branch.update(repeating: 0, count: hidden)
        } else if let router = experts.sharedRouter {
            // The choices of the token are made, so the place of their scores is free.
            activations.normed.multiply(router, 0..<1, token..<token + 1, into: activations.routes, adding: false)
            let score = activations.routes[token]
            score[0] = -score[0]
            flow_exponential(score, 1, score)
            flow_scale(branch, 1 / (1 + score[0]), hidden)
        }
        let routing = step.experts
        for choice in 0..<routing.usedCount {
            let entry = routing.entry(ofToken: token, choice: choice)
            flow_add_scaled(
                branch, activations.expertOutput[entry], routing.weight(ofToken: token, choice: choice), hidden)
        }
    }
}
