// SPDX-License-Identifier: Apache-2.0
import CFlowKernels

/// Chooses the tokens of a step, each from its logits and its plan alone; runs on the ranks.
final class Sampler {
    private let vocabularySize: Int
    private let maximumPlans: Int
    private let plans: UnsafeMutablePointer<SamplingPlan>  // [samplings]
    private let chosen: UnsafeMutablePointer<Int32>  // [samplings]
    private var scratch: [UnsafeMutablePointer<Float>] = []  // [ranks][vocabulary]

    init(vocabularySize: Int, maximumPlans: Int) {
        self.vocabularySize = vocabularySize
        self.maximumPlans = maximumPlans
        plans = .allocate(capacity: maximumPlans)
        chosen = .allocate(capacity: maximumPlans)
        reserve(rankCount: 1)
    }

    deinit {
        plans.deallocate()
        chosen.deallocate()
        for memory in scratch { memory.deallocate() }
    }

    /// Makes room for ranks up to a number. Between steps only.
    func reserve(rankCount: Int) {
        while scratch.count < rankCount { scratch.append(.allocate(capacity: vocabularySize)) }
    }

    /// Sets the plans of the next step.
    func prepare(_ plans: [SamplingPlan]) {
        precondition(plans.count <= maximumPlans, "a step has more samplings than rows")
        for (index, plan) in plans.enumerated() { self.plans[index] = plan }
    }

    /// Chooses the token of one plan. The logits stay as they are; a changed copy is made in the rank's scratch memory
    /// where the plan asks for more than the largest one.
    func choose(_ index: Int, from logits: UnsafeMutableBufferPointer<Float>, rank: Int) {
        let plan = plans[index]
        guard let start = logits.baseAddress, logits.count == vocabularySize else {
            preconditionFailure("the logits are those of another vocabulary")
        }
        if plan.temperature <= 0, plan.bannedToken == nil {
            chosen[index] = Int32(flow_largest(start, vocabularySize))
            return
        }
        let copy = scratch[rank]
        copy.update(from: start, count: vocabularySize)
        if let banned = plan.bannedToken, banned >= 0, Int(banned) < vocabularySize {
            copy[Int(banned)] = -.infinity
        }
        let top = max(0, min(plan.topK, vocabularySize))
        let uniform = flow_uniform(plan.seed, plan.index)
        chosen[index] = Int32(flow_sample(copy, vocabularySize, plan.temperature, top, uniform))
    }

    /// The token of a plan after the step.
    subscript(index: Int) -> Int32 { chosen[index] }
}
