// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel

/// What a step computed, taken in the order in which its tokens were laid out.
struct StepOutputs {
    /// A token that was chosen.
    struct Sample {
        let token: Int32
        /// Where the plan asked for it.
        let logprob: SampledLogprob?
    }

    /// When the step was complete.
    let time: MonotonicTime
    private let runner: ModelRunner
    private let sampled: [Int32]
    private var sampledCount = 0
    private var pooledCount = 0

    /// The outputs of the runner's last step.
    init(of runner: ModelRunner, sampled: [Int32], at time: MonotonicTime) {
        self.runner = runner
        self.sampled = sampled
        self.time = time
    }

    /// The token of the next sampling.
    mutating func nextSample() -> Sample {
        defer { sampledCount += 1 }
        return Sample(token: sampled[sampledCount], logprob: runner.logprob(ofSampling: sampledCount))
    }

    /// The hidden state of the next pooled token, [hidden]; valid until the next step.
    mutating func nextHiddenState() -> UnsafeBufferPointer<Float> {
        defer { pooledCount += 1 }
        return runner.hiddenState(ofPooled: pooledCount)
    }
}
