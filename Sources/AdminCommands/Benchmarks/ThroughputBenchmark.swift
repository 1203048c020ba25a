// SPDX-License-Identifier: Apache-2.0
internal import CFlowKernels
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// The measurements of `bench throughput`: some requests at once, round after round.
struct ThroughputBenchmark: Sendable {
    /// Texts that are tried until one has the wanted number of tokens.
    private static let promptAttempts = 4

    let server: BenchmarkServer
    let promptTokens: Int
    let generatedTokens: Int
    let concurrency: Int

    func run(rounds: Int, threads: Int) async throws(CommandError) -> ThroughputReport {
        let client = FirstToken(scheduler: server.scheduler, model: server.model.name)
        let words = try await wordCount(client)
        var rates: [RoundRates] = []
        var (firsts, gaps, prompt) = ([Int](), [Int](), 0)
        for round in 0..<rounds {
            let answers = try await ask(client, words: words, round: round)
            rates.append(RoundRates(answers))
            firsts += answers.map(\.firstMicroseconds)
            gaps += answers.flatMap(\.gaps)
            prompt = max(prompt, answers.map(\.promptTokens).max() ?? 0)
        }
        func median(_ rate: KeyPath<RoundRates, Double>) -> Double {
            rates.map { $0[keyPath: rate] }.sorted()[rates.count / 2]
        }
        return ThroughputReport(
            machine: BenchmarkOptions.machine, model: server.model.name, promptTokens: prompt,
            generatedTokens: generatedTokens, concurrency: concurrency, rounds: rounds, threads: threads,
            isa: String(cString: flow_path_name(flow_path_active())), prefill: median(\.prefill),
            decode: median(\.decode), output: median(\.output), total: median(\.total),
            firstToken: Distribution(microseconds: firsts),
            betweenTokens: gaps.isEmpty ? nil : Distribution(microseconds: gaps),
            effectiveRead: median(\.decode) / Double(concurrency) * Double(server.model.byteCount) / 1e9)
    }

    /// How many words make a prompt of the wanted length; also brings the model up.
    private func wordCount(_ client: FirstToken) async throws(CommandError) -> Int {
        var words = max(1, promptTokens / 2)
        for _ in 0..<Self.promptAttempts {
            let found = try await client.answer(Self.prompt(words: words, seed: 0), tokens: 1).promptTokens
            if abs(found - promptTokens) * 50 <= promptTokens { break }
            words = max(1, words * promptTokens / max(found, 1))
        }
        return words
    }

    /// Words that differ from the first one on for every request, so that no prompt is known from another.
    private static func prompt(words: Int, seed: Int) -> String {
        (0..<words).map { index in
            let number = UInt64(truncatingIfNeeded: (seed &+ 1) &* 1_000_003 &+ index) &* 0x9e37_79b9_7f4a_7c15
            return String(decoding: [97 + UInt8(number >> 59) % 26, 97 + UInt8(number >> 50 & 31) % 26], as: UTF8.self)
        }
        .joined(separator: " ")
    }

    /// One round: all requests at once.
    private func ask(_ client: FirstToken, words: Int, round: Int) async throws(CommandError) -> [TimedAnswer] {
        let (concurrency, tokens) = (concurrency, generatedTokens)
        do {
            return try await withThrowingTaskGroup(of: TimedAnswer.self) { group in
                for stream in 0..<concurrency {
                    let prompt = Self.prompt(words: words, seed: 1 + round * concurrency + stream)
                    group.addTask { try await client.answer(prompt, tokens: tokens) }
                }
                var answers: [TimedAnswer] = []
                for try await answer in group { answers.append(answer) }
                return answers
            }
        } catch {
            throw AdminServer.explain(error)
        }
    }
}

/// Tokens per second of one round.
struct RoundRates {
    /// Of prompts, until the last request had its first token.
    let prefill: Double
    /// Of answers behind their first tokens, from the first of these until the end.
    let decode: Double
    /// Of answers, over the whole round.
    let output: Double
    /// Of prompts and answers, over the whole round.
    let total: Double

    init(_ answers: [TimedAnswer]) {
        let begin = answers.map(\.begin).min() ?? .now
        let firsts = answers.map { $0.arrivals[0] }
        let end = answers.map(\.end).max() ?? begin
        let prompts = answers.reduce(0) { $0 + $1.promptTokens }
        let generated = answers.reduce(0) { $0 + $1.completionTokens }
        func rate(_ tokens: Int, from start: MonotonicTime, to end: MonotonicTime) -> Double {
            Double(tokens) / max(Double(end.microseconds(since: start)) / 1e6, 1e-6)
        }
        prefill = rate(prompts, from: begin, to: firsts.max() ?? end)
        decode = rate(generated - answers.count, from: firsts.min() ?? begin, to: end)
        output = rate(generated, from: begin, to: end)
        total = rate(prompts + generated, from: begin, to: end)
    }
}
