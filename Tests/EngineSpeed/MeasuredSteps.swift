// SPDX-License-Identifier: Apache-2.0
internal import AllocationCount
internal import Artefacts
internal import FlowServe

/// Steps of fixed shapes, without planner, tokenizer or daemons: what the forward pass alone takes.
struct MeasuredSteps {
    private static let blocksOfSequence = 16
    private static let prompt = 16
    private static let sequences = 8

    private let runner: ModelRunner
    private let vocabulary: Int
    private var sampled: [Int32] = []

    init(_ model: MeasuredArtefact, threads: Int) throws {
        runner = try model.runner(
            threads: threads, positions: Self.sequences * Self.blocksOfSequence * 32, maxStepTokens: 512)
        vocabulary = model.artefact.configuration.vocabularySize
    }

    /// One sequence or eight; the prompts before are not counted.
    mutating func decode(sequences: Int, steps: Int) -> Measured {
        for sequence in 0..<sequences { fill(sequence, count: Self.prompt) }
        return Measured.of {
            for step in 0..<steps { decode(sequences, position: Self.prompt + step) }
            return steps * sequences
        }
    }

    /// Blocks of memory that steps of eight sequences ask for; their batch is made before.
    mutating func allocations(steps: Int) -> Int {
        let batch = batch(Self.sequences, position: Self.prompt)
        for _ in 0..<4 { runner.run(batch, into: &sampled) }
        let before = allocation_count()
        for _ in 0..<steps { runner.run(batch, into: &sampled) }
        return Int(allocation_count() - before)
    }

    /// A part of a prompt in steps of some tokens, behind so many tokens whose keys and values are whatever lies there.
    mutating func prefill(_ count: Int, tokensPerStep: Int, behind context: Int) -> Measured {
        let end = min(context + count, Self.sequences * Self.blocksOfSequence * 32)
        let first = max(0, end - count)
        return Measured.of {
            for position in stride(from: first, to: end, by: max(1, tokensPerStep)) {
                fill(0, position..<min(position + max(1, tokensPerStep), end))
            }
            return end - first
        }
    }

    private mutating func fill(_ sequence: Int, count: Int) { fill(sequence, 0..<count) }

    private mutating func fill(_ sequence: Int, _ positions: Range<Int>) {
        let last = positions.upperBound - 1
        let tokens = positions.map {
            StepToken(id: Int32($0 % 1000 % vocabulary), position: $0, sequence: 0, sampling: $0 == last ? 0 : nil)
        }
        runner.run(
            StepBatch(tokens: tokens, sequences: [table(sequence, upTo: last)], samplings: [SamplingPlan()]),
            into: &sampled)
    }

    private mutating func decode(_ sequences: Int, position: Int) {
        runner.run(batch(sequences, position: position), into: &sampled)
    }

    private func batch(_ sequences: Int, position: Int) -> StepBatch {
        let tokens = (0..<sequences).map {
            StepToken(id: Int32((position + $0) % 1000 % vocabulary), position: position, sequence: $0, sampling: $0)
        }
        return StepBatch(
            tokens: tokens, sequences: (0..<sequences).map { table($0, upTo: position) },
            samplings: Array(repeating: SamplingPlan(), count: sequences))
    }

    /// A sequence's own blocks, and those of the next ones where it is long.
    private func table(_ sequence: Int, upTo position: Int) -> StepSequence {
        StepSequence(
            blockTable: (0..<max(Self.blocksOfSequence, position / 32 + 1)).map {
                Int32(sequence * Self.blocksOfSequence + $0)
            })
    }
}
