// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import Messages
import ServingModel

@testable import NodeDaemon

/// An instance as the node sees it through its channel: it keeps the engine's promises, and breaks them where it is told to.
final class SimulatedInstance {
    /// One reply that it makes or keeps.
    struct Reply {
        /// Index of the next token.
        var next: Int
        /// Tokens of the whole answer.
        let length: Int
        var isCancelled = false
        /// How it ended.
        var outcome: TaskOutcome?
    }

    let template: TemplateID
    let content: String
    let settings: InstanceSettings
    var inbox: [ToInstance] = []
    /// What it said while no daemon had its channel: the socket keeps it.
    var outbox: [FromInstance] = []
    private var replies: [TaskID: Reply] = [:]
    /// Tasks that it works on, by their number.
    private(set) var running: [TaskID] = []
    /// It was asked whether it lives before it was ready to say so.
    private(set) var owesFirstAnswer = true
    private(set) var isDraining = false
    /// It reads nothing and says nothing.
    var isHung = false

    init(template: TemplateID, content: String, settings: InstanceSettings) {
        self.template = template
        self.content = content
        self.settings = settings
    }

    /// It was told to go and has nothing left to do.
    var isDone: Bool { isDraining && running.isEmpty && !owesFirstAnswer }

    /// It has confined itself and mapped its memory.
    func start(now: MonotonicTime) -> [FromInstance] {
        guard owesFirstAnswer, !isHung else { return [] }
        owesFirstAnswer = false
        let start = FromInstance.InstanceStart(
            bornAt: now, sandboxMicroseconds: 1, mappingMicroseconds: 1, ranksMicroseconds: 1, missingSandboxSteps: [])
        return [.ready(start)]
    }

    /// Reads the next frame; what it says to it.
    func readFrame() -> [FromInstance] {
        guard !inbox.isEmpty, !isHung, !owesFirstAnswer else { return [] }
        switch inbox.removeFirst() {
        case .ping(let number): return [.pong(number, activeTasks: running.count, progress: nil)]
        case .submissionPart(let task, _, _, let bytes): return take(task, bytes)
        case .cancel(let task): replies[task]?.isCancelled = true
        case .acknowledge: break
        case .release(let task):
            replies[task] = nil
            running.removeAll { $0 == task }
        case .replay(let task, let index): return replay(task, from: index)
        case .attach:
            return [.attached(replies.map { .init(task: $0.key, nextIndex: $0.value.next) }.sorted(by: Self.isBefore))]
        case .drain: isDraining = true
        }
        return []
    }

    private static func isBefore(_ first: FromInstance.TaskProgress, _ second: FromInstance.TaskProgress) -> Bool {
        first.task.rawValue < second.task.rawValue
    }

    private func take(_ task: TaskID, _ bytes: [UInt8]) -> [FromInstance] {
        guard let submission = try? TaskSubmission(decoding: bytes), case .answer(_, let sampling) = submission.work
        else {
            return [.failed(task, .invalidRequest, message: "no submission")]
        }
        if replies[task] != nil { return replay(task, from: submission.delivered) }
        guard running.count < settings.maximumTasks else {
            return [.failed(task, .overloaded, message: "too many tasks")]
        }
        running.insert(task, at: running.firstIndex { $0.rawValue > task.rawValue } ?? running.endIndex)
        replies[task] = Reply(next: submission.delivered, length: sampling.maximumTokens ?? 1)
        return [.accepted(task, promptTokens: 1)]
    }

    private func replay(_ task: TaskID, from index: Int) -> [FromInstance] {
        guard let reply = replies[task] else { return [.failed(task, .instanceLost, message: "unknown")] }
        var said: [FromInstance] = [.accepted(task, promptTokens: 1)]
        if index < reply.next { said.append(.tokens((index..<reply.next).map { Self.token(task, $0) })) }
        if let outcome = reply.outcome { said.append(.finished(task, outcome)) }
        return said
    }

    /// One step of all that it works on: a token each, and the ends.
    func step() -> [FromInstance] {
        guard !isHung, !owesFirstAnswer else { return [] }
        var tokens: [TaskToken] = []
        var ends: [FromInstance] = []
        for task in running {
            guard var reply = replies[task] else { continue }
            if !reply.isCancelled, reply.next < reply.length {
                tokens.append(Self.token(task, reply.next))
                reply.next += 1
            }
            if reply.isCancelled || reply.next >= reply.length {
                let outcome = TaskOutcome(
                    reason: reply.isCancelled ? .cancelled : .stop, text: "", completionTokens: reply.next,
                    prefillMicroseconds: 1, decodeMicroseconds: 1)
                reply.outcome = outcome
                running.removeAll { $0 == task }
                ends.append(.finished(task, outcome))
            }
            replies[task] = reply
        }
        return (tokens.isEmpty ? [] : [.tokens(tokens)]) + ends
    }

    /// Tokens say only where they stand, so that whoever puts an answer together sees a gap.
    private static func token(_ task: TaskID, _ index: Int) -> TaskToken {
        TaskToken(task: task, token: GeneratedToken(index: index, id: Int32(index), text: ""))
    }
}
