// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import ServingModel

/// One task as the engine works on it. Each kind of work is a folder of its own; `WorkKinds` is where a submission
/// becomes one of them. The engine knows no kind: it calls these methods, from one thread, in this order:
///
/// 1. `begin` once, when the submission was accepted;
/// 2. `acknowledge` whenever the reader has taken parts;
/// 3. `outcome` once, when the task ends or is cancelled. Afterwards nothing is called any more, except for what a
///    running step still brings (`ComputedWork.take`).
///
/// A work tells what happens by `WorkContext.send` and ends itself by `WorkContext.finish` or `fail`.
protocol EngineWork: AnyObject {
    var task: TaskID { get }

    /// Sends `accepted` and gives the planner what is to be computed. The task may end at once.
    func begin(in context: WorkContext)

    /// The reader has the parts below `index`.
    func acknowledge(_ index: Int, in context: WorkContext)

    /// What the task came to, if it ends now for this reason.
    func outcome(_ reason: FinishReason, at time: MonotonicTime) -> TaskOutcome
}

/// Work that has sequences in the planner. In each step the engine lays out the chunks of all works, runs the step, and
/// gives each work its outputs in the same order.
protocol ComputedWork: EngineWork {
    /// For whom it is computed, and how urgently.
    var queue: TenantQueue { get }

    /// Adds the tokens of a chunk to the step, in the order of their positions, and what is sampled behind them.
    func layOut(_ chunk: PlannedChunk, into batch: inout StepBatch)

    /// Takes the outputs of a chunk, as many as `layOut` asked for, also when the task has ended in the meantime. The
    /// context may be used as between steps: what cannot be changed beside a step is changed behind it.
    func take(_ chunk: PlannedChunk, from outputs: inout StepOutputs, in context: WorkContext) -> SequenceProgress
}

/// What becomes of a sequence behind a step.
enum SequenceProgress {
    /// The planner goes on with it as it planned.
    case continues
    /// It is complete, and leaves the planner.
    case ends
}
