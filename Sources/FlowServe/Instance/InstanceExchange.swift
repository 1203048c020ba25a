// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// What the thread of the engine and the thread of the channel share: commands on their way in, frames on their way out.
/// A value without threads or sockets of its own; one of the two has it at a time.
struct InstanceExchange {
    /// Why the instance ends.
    enum Stop: Equatable {
        /// The other end is closed: no daemon can attach any more.
        case channelClosed
        /// All tasks are over and their ends are on their way.
        case drained
        /// The daemon sent something that is no frame.
        case malformed(String)
        /// The socket does not work.
        case channelBroken(String)
    }

    /// What the engine is to do before its next step.
    struct Work {
        var submissions: [TaskSubmission] = []
        var acknowledgements: [TaskID: Int] = [:]
        var cancellations: Set<TaskID> = []

        var isEmpty: Bool { submissions.isEmpty && acknowledgements.isEmpty && cancellations.isEmpty }
    }

    /// Bytes of prompts that may wait for the engine, and answers that may wait for the channel, before nothing more is
    /// read from it.
    private static let waitingPromptBytes = 2 * TaskSubmission.Limits.byteCount
    private static let waitingReplies = 64

    /// Set once; the first reason counts.
    private(set) var stop: Stop?
    /// What the channel's thread waits for now; kept by that thread.
    var watched: ReadinessList.Interest = []

    private var ledger = AnswerLedger()
    private var assembly = SubmissionAssembly()
    private var work = Work()
    private var waitingBytes = 0
    private var isDraining = false
    /// The engine has nothing to compute and waits for work.
    private var isIdle = true
    private var progress: RankProgress?
    /// A packet that the channel had no room for.
    private var unsent: [UInt8]?

    /// Whether the engine should look.
    var hasWork: Bool { stop != nil || !work.isEmpty }

    /// What the channel's thread should wait for.
    var interest: ReadinessList.Interest {
        var interest: ReadinessList.Interest = []
        if waitingBytes < Self.waitingPromptBytes, ledger.replyCount < Self.waitingReplies {
            interest.insert(.readable)
        }
        if unsent != nil { interest.insert(.writable) }
        return interest
    }

    /// Whether the channel's thread must be woken to see a change.
    var needsAttention: Bool { stop != nil || interest != watched }

    mutating func end(_ reason: Stop) {
        if stop == nil { stop = reason }
    }

    /// Announces that the instance serves.
    mutating func announce(_ start: FromInstance.InstanceStart) {
        ledger.reply(.ready(start))
    }

    /// Has pings answered with how far the ranks are.
    mutating func watch(_ progress: RankProgress?) {
        self.progress = progress
    }

    /// Hands the engine the commands that have come in; nil when the instance ends.
    mutating func dequeueWork() -> Work? {
        guard stop == nil else { return nil }
        isIdle = false
        defer { work = Work() }
        waitingBytes = 0
        return work
    }

    /// Notes what the engine did; `isIdle` where it goes on only with new work.
    mutating func note(_ events: [EngineEvent], isIdle: Bool = false) {
        self.isIdle = isIdle
        for event in events { ledger.note(event) }
    }

    /// Sends what is due until the channel is full. A full channel holds one packet up; everything else stays where it
    /// is, in the tasks' unacknowledged tokens.
    mutating func pump(_ send: ([UInt8]) -> InstanceChannel.Sending) {
        while stop == nil, let packet = unsent ?? ledger.nextFrame()?.encoded() {
            unsent = nil
            switch send(packet) {
            case .sent: break
            case .full:
                unsent = packet
                return
            case .closed: end(.channelClosed)
            case .broken(let error): end(.channelBroken(error.description))
            }
        }
        if isDraining, work.isEmpty, ledger.activeCount == 0 { end(.drained) }
    }

    /// Carries out one command of the daemon, or passes it on to the engine.
    mutating func carryOut(_ command: ToInstance) {
        switch command {
        case .ping(let number):
            let tasks = min(ledger.activeCount, FromInstance.Limits.attachedTasks)
            ledger.reply(.pong(number, activeTasks: tasks, progress: isIdle ? nil : progress?.value ?? 0))
        case .submissionPart(let task, let offset, let total, let bytes):
            receivePart(of: task, offset: offset, total: total, bytes)
        case .cancel(let task): cancel(task)
        case .acknowledge(let task, let index):
            ledger.acknowledge(task, index: index)
            guard ledger.isActive(task) else { return }
            work.acknowledgements[task] = max(work.acknowledgements[task] ?? 0, index)
        case .release(let task):
            assembly.drop(task)
            if ledger.isActive(task) { work.cancellations.insert(task) }
            ledger.release(task)
        case .replay(let task, let index):
            assembly.drop(task)
            ledger.replay(task, index: index)
        case .attach: ledger.reportAttached()
        case .drain: drain()
        }
    }

    private mutating func receivePart(of task: TaskID, offset: Int, total: Int, _ bytes: [UInt8]) {
        if ledger.knows(task) {
            // The daemon submits again what is here already: it gets the answer there is. Later parts, also those of a
            // submission that was refused, say nothing new.
            if offset == 0 { ledger.replay(task, index: 0) }
            return
        }
        guard !isDraining, !ledger.isActive(task) else {
            let reason = isDraining ? "the instance takes no more tasks" : "an attempt at the task is still ending"
            if offset == 0 { ledger.reply(.failed(task, .overloaded, message: reason)) }
            return
        }
        switch assembly.add(task, offset: offset, total: total, bytes: bytes) {
        case .incomplete: break
        case .refused(let refusal):
            ledger.refuse(task, .failed(refusal.failure, message: refusal.message))
        case .complete(let submission):
            ledger.begin(task, firstIndex: submission.delivered)
            waitingBytes += total
            work.submissions.append(submission)
        }
    }

    private mutating func cancel(_ task: TaskID) {
        if assembly.drop(task) != nil {
            let outcome = TaskOutcome(
                reason: .cancelled, text: "", completionTokens: 0, prefillMicroseconds: 0, decodeMicroseconds: 0)
            ledger.refuse(task, .finished(outcome))
        } else if ledger.isActive(task) {
            work.cancellations.insert(task)
        } else if !ledger.knows(task) {
            ledger.reply(.failed(task, .instanceLost, message: "the task is unknown to this instance"))
        }
    }

    private mutating func drain() {
        isDraining = true
        for task in assembly.tasks {
            assembly.drop(task)
            ledger.refuse(task, .failed(.overloaded, message: "the instance takes no more tasks"))
        }
    }
}
