// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import LanguageModels
package import LinuxKernel
package import Messages
package import ServingModel

/// Does the work of tasks: prompts in, tokens, text and vectors out, one step after another. It owns the planner, the
/// runner and the works; one thread uses it. It does no I/O: what happened is taken as events.
///
/// A reply is fixed by the work alone, whatever else is served beside it, also when its blocks were taken away in between
/// or when it is continued by another instance.
package final class Engine {
    private let runner: ModelRunner
    private let context: WorkContext
    private let limits: EngineLimits
    private let now: () -> MonotonicTime

    private var budget = PrefillBudget()
    private var batch = StepBatch()
    private var sampled: [Int32] = []
    /// Whose chunks the present step has, in their order.
    private var works: [any ComputedWork] = []

    /// An engine without tasks over a runner of the same model. `now` is asked when tasks begin and tokens are sampled.
    package init(
        image: ServingModelImage, runner: ModelRunner, limits: EngineLimits,
        now: @escaping () -> MonotonicTime = { .now }
    ) {
        precondition(limits.batch.tokensPerStep <= runner.maxStepTokens, "the runner has no memory for such steps")
        self.runner = runner
        self.limits = limits
        self.now = now
        context = WorkContext(image: image, runner: runner, limits: limits, now: now)
    }

    /// Tasks that are not over.
    package var taskCount: Int { context.taskCount }

    /// Tokens that prompt and answer may have together here: the model's context, or what the memory holds of it.
    package var contextTokens: Int { context.contextTokens }

    /// Everything that happened since the last call, in order.
    package func takeEvents() -> [EngineEvent] { context.takeEvents() }

    /// Takes a task: `accepted` or `failed` follows at once, and the end too where nothing is left to be done.
    /// The task must not be known here already.
    package func submit(_ submission: TaskSubmission) {
        precondition(context[submission.task] == nil, "a task is submitted once")
        do throws(TaskRefusal) {
            guard taskCount < limits.maximumTasks else {
                throw TaskRefusal(.overloaded, "this instance already works on \(limits.maximumTasks) tasks")
            }
            context.begin(try WorkKinds.work(of: submission, in: context))
        } catch {
            context.refuse(submission.task, error)
        }
    }

    /// Ends a task with `finished(.cancelled)`; one that is over or unknown is left as it is.
    package func cancel(_ task: TaskID) {
        if let work = context[task] { context.finish(work, .cancelled) }
    }

    /// The reader has the parts below `index`.
    package func acknowledge(_ task: TaskID, index: Int) {
        context[task]?.acknowledge(index, in: context)
    }

    /// Runs one step. False where there is nothing to run until something else happens.
    package func step() -> Bool {
        let plan = context.planner.schedule { [budget] in budget.promptTokens(besideAnswers: $0) }
        guard !plan.isEmpty else { return false }
        layOut(plan)
        let start = now()
        runner.run(batch, into: &sampled)
        let end = now()
        let answers = plan.answerTokenCount
        budget.note(
            answerTokens: answers, promptTokens: plan.tokenCount - answers,
            seconds: Double(end.microseconds(since: start)) * 1e-6)
        complete(plan, at: end)
        return true
    }

    /// Gives memory of earlier steps back to the kernel. For an engine that has had no task for a while.
    package func releaseIdleMemory() {
        runner.releaseIdleMemory()
    }

    private func layOut(_ plan: StepPlan) {
        for chunk in plan.chunks {
            let work = context.work(of: chunk.sequence)
            works.append(work)
            work.layOut(chunk, into: &batch)
        }
    }

    /// Gives every work its outputs, and the planner what came of the step.
    private func complete(_ plan: StepPlan, at time: MonotonicTime) {
        // The works have what they gave to the batch for themselves again.
        batch.removeAll()
        var outputs = StepOutputs(of: runner, sampled: sampled, at: time)
        var ended: Set<SequenceNumber> = []
        for (chunk, work) in zip(plan.chunks, works) {
            guard work.take(chunk, from: &outputs, in: context) == .ends else { continue }
            ended.insert(chunk.sequence)
        }
        works.removeAll(keepingCapacity: true)
        context.planner.complete(plan, ended: ended)
    }
}
