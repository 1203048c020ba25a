// SPDX-License-Identifier: Apache-2.0
import LanguageModels

/// A step as the ranks run it: the model's forward pass, then one operation that samples, a tile for each token.
final class RunnerProgram: StepProgram {
    private let forward: any ForwardPass
    private let sampler: Sampler
    private var samplingCount = 0
    private var forwardCount = 0

    init(forward: any ForwardPass, sampler: Sampler) {
        self.forward = forward
        self.sampler = sampler
    }

    /// Sets the next step.
    func prepare(_ input: StepInput, plans: [SamplingPlan]) {
        forward.prepare(input)
        sampler.prepare(plans)
        forwardCount = forward.operationCount
        samplingCount = plans.count
    }

    var operationCount: Int { forwardCount + (samplingCount > 0 ? 1 : 0) }

    func tileCount(ofOperation operation: Int) -> Int {
        operation < forwardCount ? forward.tileCount(ofOperation: operation) : samplingCount
    }

    func runTile(_ tile: Int, ofOperation operation: Int, rank: Int) {
        if operation < forwardCount {
            forward.runTile(tile, ofOperation: operation, rank: rank)
        } else {
            sampler.choose(tile, from: forward.logits(ofSampled: tile), rank: rank)
        }
    }

    func allowsBackup(operation: Int) -> Bool { operation < forwardCount && forward.allowsBackup(operation: operation) }

    func deliverTile(_ tile: Int, ofOperation operation: Int, rank: Int) {
        forward.deliverTile(tile, ofOperation: operation, rank: rank)
    }

    /// The token that a sampling of the last step chose.
    func token(ofSampling index: Int) -> Int32 { sampler[index] }
}
