// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import KVCache
internal import LanguageModels
internal import LinuxKernel
internal import ServingModel

/// What works use of the engine they run in: the model's text side, the planner, and the way out for events. It owns
/// which task is which work, and which work has which sequence.
final class WorkContext {
    let image: ServingModelImage
    let prompts: PromptEncoding
    let limits: EngineLimits
    /// Whether a text must be computed in one step.
    let needsWholeTexts: Bool
    /// Whether there are logits to sample from.
    let hasLogits: Bool
    let now: () -> MonotonicTime

    /// Used by the engine for steps; works change it by the methods below.
    var planner: BatchPlanner<LocalBlocks>

    private var works: [TaskID: any EngineWork] = [:]
    private var sequences: [SequenceNumber: any ComputedWork] = [:]
    private var events: [EngineEvent] = []
    private var nextNumber: UInt64 = 0

    init(
        image: ServingModelImage, runner: ModelRunner, limits: EngineLimits, now: @escaping () -> MonotonicTime
    ) {
        self.image = image
        self.limits = limits
        self.now = now
        prompts = PromptEncoding(tokenizer: image.tokenizer, template: image.template)
        needsWholeTexts = runner.needsWholeTexts
        hasLogits = runner.hasLogits
        planner = BatchPlanner(
            limits: limits.batch, blockCount: runner.blockCount, tokensPerBlock: runner.geometry.tokensPerBlock)
    }

    var configuration: ModelConfiguration { image.artefact.configuration }

    /// Tokens that prompt and answer may have together here: the model's context, or what the memory holds of it.
    var contextTokens: Int { min(configuration.contextLength, planner.positionCapacity) }

    /// What bounds prompts here, as a part of a sentence.
    var contextBound: String {
        let context = configuration.contextLength
        return context <= planner.positionCapacity
            ? "the model's context holds \(context)"
            : "this instance's memory holds \(planner.positionCapacity) of the model's context of \(context)"
    }

    /// Tasks that are not over.
    var taskCount: Int { works.count }

    /// The work of a task that is not over.
    subscript(task: TaskID) -> (any EngineWork)? { works[task] }

    /// Takes a task in and begins it.
    func begin(_ work: any EngineWork) {
        works[work.task] = work
        work.begin(in: self)
    }

    /// Ends a task.
    func finish(_ work: some EngineWork, _ reason: FinishReason) {
        guard works.removeValue(forKey: work.task) != nil else { return }
        removeSequences(of: work)
        events.append(.finished(work.task, work.outcome(reason, at: now())))
    }

    /// Ends a task that cannot be done.
    func fail(_ work: some EngineWork, _ failure: TaskFailure, _ message: String) {
        guard works.removeValue(forKey: work.task) != nil else { return }
        removeSequences(of: work)
        events.append(.failed(work.task, failure, message: message))
    }

    /// Says that a submission is not taken.
    func refuse(_ task: TaskID, _ refusal: TaskRefusal) {
        events.append(.failed(task, refusal.failure, message: refusal.message))
    }

    /// Says what happened; in the order of the task.
    func send(_ event: EngineEvent) { events.append(event) }

    /// Everything that happened since the last call, in order.
    func takeEvents() -> [EngineEvent] {
        defer { events = [] }
        return events
    }

    /// Gives the planner a new sequence of a work, as `BatchPlanner.add` says.
    func addSequence(
        of work: some ComputedWork, tokenCount: Int, nextIndex: Int = 0, isWhole: Bool = false
    ) -> SequenceNumber {
        let number = SequenceNumber(nextNumber)
        nextNumber += 1
        sequences[number] = work
        planner.add(number, tokenCount: tokenCount, nextIndex: nextIndex, isWhole: isWhole, queue: work.queue)
        return number
    }

    /// The work that a sequence of the planner belongs to.
    func work(of number: SequenceNumber) -> any ComputedWork {
        guard let work = sequences[number] else {
            preconditionFailure("the planner knows a sequence that the engine has dropped")
        }
        return work
    }

    /// A sequence has left the planner by itself.
    func dropSequence(_ number: SequenceNumber) { sequences[number] = nil }

    private func removeSequences(of work: some EngineWork) {
        for (number, owner) in sequences where owner === work {
            sequences[number] = nil
            planner.remove(number)
        }
    }
}
