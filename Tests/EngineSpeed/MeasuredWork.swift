// SPDX-License-Identifier: Apache-2.0

/// What is measured. The counts are those of the comparison's other side.
enum MeasuredWork: String, CaseIterable {
    /// 32 tokens of one sequence, one after another, behind 16 that are computed before.
    case decode
    /// 8 tokens of each of 8 sequences, behind 16 of each.
    case batch8
    /// One prompt of 512 tokens.
    case prefill512
    /// 8 tasks at once, 128 tokens of prompt and 64 of the answer each, as the engine batches them.
    case streams8
    /// 4 answers, and a prompt of 4,096 tokens that comes while they run.
    case longPrompt = "long-prompt"
    /// 64 steps of 8 answers; counts the blocks of memory that the engine asks for, those of its runner apart.
    case allocations
    /// The feed-forward matrices times 8 or 512 vectors; counts multiplications and additions.
    case matrix8, matrix512
    /// Passes over all bytes of the artefact by as many threads; counts bytes.
    case read
    /// Products of bytes in registers by as many threads; counts multiplications and additions.
    case bytes
    /// The same with bytes of which one has four bits.
    case nibbles
    /// The same with floats.
    case floats

    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

/// What some work took, and what else was seen of it.
struct Measured {
    /// Tokens, bytes or operations.
    let count: Int
    let seconds: Double
    /// Of all threads of this process.
    let cpuSeconds: Double
    /// Further figures by name, each in seconds or in tokens per second.
    var further: [(name: String, value: Double)] = []

    /// One line for the program that asked.
    var line: String {
        let figures = [("count", Double(count)), ("seconds", seconds), ("cpu_seconds", cpuSeconds)] + further
        return figures.map { "\($0.0)=\($0.1)" }.joined(separator: " ")
    }

    /// Runs work and notes its times; its count may depend on what happened.
    static func of(_ work: () throws -> Int) rethrows -> Measured {
        let start = (Clock.monotonic.seconds, Clock.processor.seconds)
        let count = try work()
        return Measured(
            count: count, seconds: Clock.monotonic.seconds - start.0, cpuSeconds: Clock.processor.seconds - start.1)
    }
}
