// SPDX-License-Identifier: Apache-2.0
import Artefacts
import LanguageModels
import LinuxKernel
import Messages
import ServingModel
import TestSupport

@testable import FlowServe

/// An engine over a tiny model, with key and value memory of its own.
final class EngineFixture {
    let model: TinyServingModel
    let image: ServingModelImage
    let engine: Engine
    private let memory: UnsafeMutableRawBufferPointer

    init(
        contextLength: Int = 512, blocks: Int = 64, tokens: Int = 16, window: Int = 1024, maximumTasks: Int = 64,
        template: String? = TinyServingModel.template, change: (inout ModelConfiguration) -> Void = { _ in }
    ) throws {
        model = try TinyServingModel(contextLength: contextLength, template: template, change: change)
        image = try ServingModelImage(mapping: model.bytes)
        memory = Self.memory(for: image, blocks: blocks)
        let runner = try ModelRunner(
            artefact: image.artefact, keyValueMemory: memory, rankCount: 1, maxStepTokens: tokens)
        engine = Engine(
            image: image, runner: runner,
            limits: EngineLimits(
                maximumTasks: maximumTasks, batch: BatchLimits(tokensPerStep: tokens, unacknowledgedTokens: window)),
            now: { MonotonicTime(nanoseconds: 0) })
    }

    deinit { memory.deallocate() }

    /// Memory of so many blocks; the caller frees it.
    static func memory(for image: ServingModelImage, blocks: Int) -> UnsafeMutableRawBufferPointer {
        .allocate(
            byteCount: blocks * KVLayout(configuration: image.artefact.configuration).bytesPerBlock, alignment: 64)
    }

    /// Runs steps until nothing is left to run, and returns what happened by task.
    func run() -> [TaskID: Answer] {
        while engine.step() {}
        return Answer.sorted(engine.takeEvents())
    }

    /// Runs one submission alone.
    func answer(_ submission: TaskSubmission) -> Answer {
        engine.submit(submission)
        return run()[submission.task] ?? Answer()
    }
}

/// The events of one task.
struct Answer: Equatable {
    var promptTokens: Int?
    var tokens: [GeneratedToken] = []
    var vectors: [EmbeddedInput] = []
    var outcome: TaskOutcome?
    var failure: TaskFailure?
    var message = ""

    var ids: [Int32] { tokens.map(\.id) }
    var text: String { tokens.map(\.text).joined() + (outcome?.text ?? "") }

    static func sorted(_ events: [EngineEvent]) -> [TaskID: Answer] {
        events.reduce(into: [:]) { answers, event in
            switch event {
            case .accepted(let task, let promptTokens, _): answers[task, default: Answer()].promptTokens = promptTokens
            case .token(let task, let token): answers[task, default: Answer()].tokens.append(token)
            case .vector(let task, let input): answers[task, default: Answer()].vectors.append(input)
            case .finished(let task, let outcome): answers[task, default: Answer()].outcome = outcome
            case .failed(let task, let failure, let message):
                answers[task, default: Answer()].failure = failure
                answers[task, default: Answer()].message = message
            }
        }
    }
}

extension TaskSubmission {
    /// A submission with the defaults of these tests: greedy, 40 tokens, end tokens ignored.
    static func of(
        _ task: UInt64, _ text: String = "hello world", temperature: Float = 0, topK: Int = 0, seed: UInt64 = 7,
        maximumTokens: Int? = 40, stop: [String] = [], ignoresEnd: Bool = true, generated: [Int32] = []
    ) -> TaskSubmission {
        TaskSubmission(
            task: TaskID(rawValue: task),
            work: .answer(
                .text(text, parsesControlTokens: false),
                SamplingParameters(
                    temperature: temperature, topK: topK, seed: seed, maximumTokens: maximumTokens, stop: stop,
                    ignoresEndOfSequence: ignoresEnd)),
            delivered: generated.count, generated: generated)
    }
}
