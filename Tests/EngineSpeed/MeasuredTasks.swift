// SPDX-License-Identifier: Apache-2.0
internal import AllocationCount
internal import FlowServe
internal import LanguageModels
internal import Messages
internal import ServingModel

/// Tasks as the engine of an instance answers them: planner, tokenizer, sampling and text, without daemons and sockets.
final class MeasuredTasks {
    private static let longPrompt = 4096
    private static let answers = 4

    private let engine: Engine
    private var next: UInt64 = 0

    init(_ model: MeasuredArtefact, threads: Int) throws {
        let limits = EngineLimits(maximumTasks: 64)
        engine = Engine(
            image: try ServingModelImage(mapping: model.bytes),
            runner: try model.runner(
                threads: threads, positions: 2 * Self.longPrompt, maxStepTokens: limits.batch.tokensPerStep),
            limits: limits)
    }

    /// Some tasks that come at once; also the median of the times until their first tokens.
    func streams(_ count: Int, prompt: Int, answer: Int) -> Measured {
        let start = Clock.monotonic.seconds
        var firsts: [Double] = []
        var measured = Measured.of {
            for _ in 0..<count { submit(prompt: prompt, answer: answer) }
            var tokens = 0
            while engine.step() {
                for case .token(_, let token) in engine.takeEvents() {
                    tokens += 1
                    if token.index == 0 { firsts.append(Clock.monotonic.seconds - start) }
                }
            }
            return tokens
        }
        measured.further = [("first_token_seconds", Self.share(0.5, of: firsts))]
        return measured
    }

    /// Blocks of memory that steps of eight answers ask for, with their plans, texts and events.
    func allocations(steps: Int) -> Int {
        for _ in 0..<8 { submit(prompt: 16, answer: 2 * steps + 64) }
        for _ in 0..<steps { _ = timedStep() }
        let before = allocation_count()
        for _ in 0..<steps {
            _ = engine.step()
            _ = engine.takeEvents()
        }
        let found = Int(allocation_count() - before)
        cancelAll()
        return found
    }

    private func cancelAll() {
        for task in 0..<next { engine.cancel(TaskID(rawValue: task)) }
        while engine.step() {}
        _ = engine.takeEvents()
    }

    /// What a long prompt costs answers that run, and what these cost it. Counts the prompt's tokens.
    func longPromptBesideAnswers() -> Measured {
        let alone = prefill(beside: nil)
        for _ in 0..<Self.answers { submit(prompt: 16, answer: 2000) }
        var before: [Double] = []
        for step in 0..<80 {
            let taken = timedStep()
            if step >= 16 { before.append(taken) }
        }
        var during: [Double] = []
        var measured = Measured.of {
            _ = prefill(beside: { during.append($0) })
            return Self.longPrompt
        }
        cancelAll()
        measured.further = [
            ("alone_seconds", alone), ("itl_p50_before", Self.share(0.5, of: before)),
            ("itl_p99_before", Self.share(0.99, of: before)), ("itl_p50_during", Self.share(0.5, of: during)),
            ("itl_p99_during", Self.share(0.99, of: during)), ("itl_max_during", during.max() ?? 0),
        ]
        return measured
    }

    /// Seconds until the first token after a long prompt; every step's time goes to `beside`, since each of them gives
    /// every running answer one token.
    private func prefill(beside: ((Double) -> Void)?) -> Double {
        let task = submit(prompt: Self.longPrompt, answer: 1)
        let start = Clock.monotonic.seconds
        while true {
            let taken = timedStep()
            beside?(taken)
            for case .finished(task, _) in engine.takeEvents() { return Clock.monotonic.seconds - start }
        }
    }

    private func timedStep() -> Double {
        let start = Clock.monotonic.seconds
        _ = engine.step()
        return Clock.monotonic.seconds - start
    }

    /// A greedy task whose prompt has so many letters, each a token of a vocabulary of bytes without merges.
    @discardableResult
    private func submit(prompt: Int, answer: Int) -> TaskID {
        let task = TaskID(rawValue: next)
        let letters = (0..<prompt).map { UInt8(97 + ($0 &* 7 &+ Int(next)) % 26) }
        next += 1
        engine.submit(
            TaskSubmission(
                task: task,
                work: .answer(
                    .text(String(decoding: letters, as: UTF8.self), parsesControlTokens: false),
                    SamplingParameters(temperature: 0, seed: 1, maximumTokens: answer, ignoresEndOfSequence: true))))
        return task
    }

    private static func share(_ share: Double, of values: [Double]) -> Double {
        guard !values.isEmpty else { return 0 }
        return values.sorted()[min(values.count - 1, Int(Double(values.count) * share))]
    }
}
