// SPDX-License-Identifier: Apache-2.0
import CFlowKernels

/// Chooses the tokens of a step, each from its logits and its plan alone; runs on the ranks.
final class Sampler {
    private let vocabularySize: Int
    private let maximumPlans: Int
    private let plans: UnsafeMutablePointer<SamplingPlan>  // [samplings], all of them initialised
    private let chosen: UnsafeMutablePointer<Int32>  // [samplings]
    private let logprobs: Logprobs
    private var scratch: [UnsafeMutablePointer<Float>] = []  // [ranks][vocabulary]
    /// For plans with typical_p; made when the first one comes.
    private var keys: [UnsafeMutablePointer<Float>] = []  // [ranks][vocabulary]

    init(vocabularySize: Int, maximumPlans: Int) {
        self.vocabularySize = vocabularySize
        self.maximumPlans = maximumPlans
        plans = .allocate(capacity: maximumPlans)
        plans.initialize(repeating: SamplingPlan(), count: maximumPlans)
        chosen = .allocate(capacity: maximumPlans)
        logprobs = Logprobs(maximumPlans: maximumPlans)
        reserve(rankCount: 1)
    }

    deinit {
        plans.deinitialize(count: maximumPlans)
        plans.deallocate()
        chosen.deallocate()
        for memory in scratch + keys { memory.deallocate() }
    }

    /// Makes room for ranks up to a number. Between steps only.
    func reserve(rankCount: Int) {
        while scratch.count < rankCount { scratch.append(.allocate(capacity: vocabularySize)) }
        if !keys.isEmpty { reserveKeys() }
    }

    private func reserveKeys() {
        while keys.count < scratch.count { keys.append(.allocate(capacity: vocabularySize)) }
    }

    /// Sets the plans of the next step.
    func prepare(_ plans: [SamplingPlan]) {
        precondition(plans.count <= maximumPlans, "a step has more samplings than tokens")
        for (index, plan) in plans.enumerated() {
            self.plans[index] = plan
            logprobs.clear(index)
            if plan.typicalP < 1 { reserveKeys() }
        }
    }

    /// Lets go of what the plans of a step have in common with their answers, so that these can go on counting in place.
    func releasePlans(count: Int) {
        for index in 0..<count { plans[index].adjustment = nil }
    }

    /// Chooses the token of one plan and notes what the plan wants noted. The logits stay as they are; a changed copy
    /// is made in the rank's scratch memory where the plan asks for more than the largest one.
    func choose(_ index: Int, from logits: UnsafeMutableBufferPointer<Float>, rank: Int) {
        guard let start = logits.baseAddress, logits.count == vocabularySize else {
            preconditionFailure("the logits are those of another vocabulary")
        }
        let token = token(of: plans[index], from: start, rank: rank)
        chosen[index] = token
        guard let top = plans[index].logprobs else { return }
        logprobs.note(index, chosen: token, top: top, logits: start, vocabularySize: vocabularySize)
    }

    private func token(of plan: SamplingPlan, from logits: UnsafePointer<Float>, rank: Int) -> Int32 {
        if plan.temperature <= 0, plan.bannedToken == nil, plan.adjustment == nil {
            return Int32(flow_largest(logits, vocabularySize))
        }
        let copy = scratch[rank]
        copy.update(from: logits, count: vocabularySize)
        plan.adjustment?.apply(to: copy, count: vocabularySize, index: plan.index)
        if let banned = plan.bannedToken, banned >= 0, Int(banned) < vocabularySize {
            copy[Int(banned)] = -.infinity
        }
        var choice = flow_choice(
            temperature: plan.temperature, top: max(0, min(plan.topK, vocabularySize)), top_p: plan.topP,
            min_p: plan.minP, typical_p: plan.typicalP, uniform: flow_uniform(plan.seed, plan.index))
        return Int32(flow_sample(copy, plan.typicalP < 1 ? keys[rank] : nil, vocabularySize, &choice))
    }

    /// The token of a plan after the step.
    subscript(index: Int) -> Int32 { chosen[index] }

    /// The logprob of a plan's token after the step; nil where it was not asked for.
    func logprob(ofSampling index: Int) -> SampledLogprob? { logprobs[index] }
}
