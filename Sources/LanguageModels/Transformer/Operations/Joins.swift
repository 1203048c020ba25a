// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// Adds what attention gave to the residual, and norms it for the feed-forward layer.
struct JoinAttention: TokenOperation {
    private let postNorm: NormWeights?
    private let nextNorm: NormWeights?
    private let isInResidual: Bool

    init(layer: TransformerLayer, isInResidual: Bool) {
        postNorm = layer.attentionPostNorm
        nextNorm = layer.feedForwardNorm
        self.isInResidual = isInResidual
    }

    func tokenCount(in step: TransformerStep) -> Int { step.input.tokenCount }

    func compute(_ tokens: Range<Int>, in step: TransformerStep) {
        for token in tokens {
            step.join(token, postNorm: postNorm, isInResidual: isInResidual)
            step.norm(token, by: nextNorm, to: step.activations.normed, at: token)
        }
    }
}

/// Adds what a feed-forward layer or experts gave to the residual, and norms it for the attention of the next layer.
struct JoinFeedForward: TokenOperation {
    let branch: FeedForwardBranch
    let norm: NormWeights?

    func tokenCount(in step: TransformerStep) -> Int { step.input.tokenCount }

    func compute(_ tokens: Range<Int>, in step: TransformerStep) {
        for token in tokens {
            branch.join(token, in: step)
            step.norm(token, by: norm, to: step.activations.normed, at: token)
        }
    }
}

/// The same behind the last layer, of the sampled and pooled tokens alone, which move to their place among the outputs.
struct JoinOutput: TokenOperation {
    let branch: FeedForwardBranch
    let norm: NormWeights?

    func tokenCount(in step: TransformerStep) -> Int { step.input.outputCount }

    func compute(_ outputs: Range<Int>, in step: TransformerStep) {
        for output in outputs {
            let token = step.input.token(ofOutput: output)
            branch.join(token, in: step)
            step.norm(token, by: norm, to: step.activations.sampled, at: output)
        }
    }
}

/// The end of a feed-forward layer, or of experts.
struct FeedForwardBranch {
    private let postNorm: NormWeights?
    private let experts: ExpertSum?
    private let isInResidual: Bool

    init(_ layer: TransformerLayer, isInResidual: Bool) {
        postNorm = layer.feedForwardPostNorm
        experts = layer.experts.map { ExpertSum(experts: $0, hasShared: layer.feedForward != nil) }
        self.isInResidual = isInResidual
    }

    /// Adds the branch of a token to its residual.
    func join(_ token: Int, in step: TransformerStep) {
        experts?.combine(token, in: step)
        step.join(token, postNorm: postNorm, isInResidual: isInResidual)
    }
}

extension TransformerStep {
    /// residual = residual + branch, with the norm where the design has it.
    fileprivate func join(_ token: Int, postNorm: NormWeights?, isInResidual: Bool) {
        let hidden = shape.hiddenSize
        let residual = activations.residual[token]
        let branch = activations.branch[token]
        let isOfSum = model.design.norms == .afterSum
        if !isInResidual {
            if !isOfSum { postNorm?.apply(branch, count: hidden, epsilon: shape.normEpsilon, to: branch) }
            if shape.scaling.residual == 1 {
                flow_add(residual, branch, hidden)
            } else {
                flow_add_scaled(residual, branch, shape.scaling.residual, hidden)
            }
        }
        if isOfSum { postNorm?.apply(residual, count: hidden, epsilon: shape.normEpsilon, to: residual) }
    }

    /// The residual of a token, normed if there is a norm, as an operand of the next matrices.
    func norm(_ token: Int, by norm: NormWeights?, to target: Operand, at index: Int) {
        let hidden = shape.hiddenSize
        let residual = activations.residual[token]
        if let norm {
            norm.apply(residual, count: hidden, epsilon: shape.normEpsilon, to: target.floats[index])
        } else {
            target.floats[index].update(from: residual, count: hidden)
        }
        target.convert(row: index, 0..<hidden)
    }
}
