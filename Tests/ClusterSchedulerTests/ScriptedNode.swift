// SPDX-License-Identifier: Apache-2.0
import ClusterScheduler
import Messages
import NIOCore
import ServingModel
import Synchronization
import Testing

/// A node in memory that does what the test says, and tells the test what it was asked.
final class ScriptedNode: NodeAPI {
    /// An order as it arrived.
    enum Notice: Sendable {
        case connected
        case submitted(ServingTask)
        case cancelled(TaskID)
        case resumed(TaskID, index: Int)
        case acknowledged(TaskAcknowledgement)
    }

    private struct State {
        var stream: AsyncThrowingStream<NodeEvent, any Error>.Continuation?
        var isDown = false
        var unreadSubmissions = 0
        var refusals: [NodeRequestError] = []
        var resumeRefusal: NodeRequestError?
    }

    let name: NodeName
    let model: ModelName
    private let state = Mutex(State())
    private let notices: NoticeBoard

    init(_ name: String, model: String = "m") throws {
        self.name = try #require(NodeName(name))
        self.model = try #require(ModelName(model))
        notices = NoticeBoard()
    }

    // What the test does to it.

    func emit(_ task: TaskID, _ event: TaskEvent) {
        state.withLock { _ = $0.stream?.yield(.task(task, event)) }
    }

    /// Acceptance by an instance whose id is the task's.
    func accept(_ task: TaskID, promptTokens: Int = 5) {
        let instance = InstanceID(rawValue: task.rawValue)
        let acceptance = TaskAcceptance(
            instance: instance, promptTokens: promptTokens, startMicroseconds: 7, digest: "d")
        emit(task, .accepted(acceptance))
    }

    /// Tokens of these indices: id 100 + index, text `<index>`.
    func emit(_ task: TaskID, tokens indices: some Sequence<Int>) {
        for index in indices {
            emit(task, .token(GeneratedToken(index: index, id: Int32(100 + index), text: "<\(index)>")))
        }
    }

    /// Tokens of one step, as one event.
    func emitStep(_ tokens: [(TaskID, Int)]) {
        let step = tokens.map { task, index in
            TaskToken(task: task, token: GeneratedToken(index: index, id: Int32(100 + index), text: "<\(index)>"))
        }
        state.withLock { _ = $0.stream?.yield(.tokens(step)) }
    }

    func finish(_ task: TaskID, tokens: Int, text: String = "") {
        emit(
            task,
            .finished(
                TaskOutcome(
                    reason: .stop, text: text, completionTokens: tokens, prefillMicroseconds: 11, decodeMicroseconds: 22
                )))
    }

    /// Ends the event stream; with `isDown` it also answers nothing until `comeBack`.
    func cut(isDown: Bool = false) {
        let stream = state.withLock { state in
            state.isDown = isDown
            return state.stream.take()
        }
        stream?.finish(throwing: NodeRequestError.unreachable("cut by the test"))
    }

    func comeBack() { state.withLock { $0.isDown = false } }

    /// The next submissions get these answers.
    func refuse(_ errors: NodeRequestError...) { state.withLock { $0.refusals += errors } }

    /// Submissions that came and that the test has not asked for.
    var unreadSubmissions: Int { state.withLock { $0.unreadSubmissions } }

    func refuseResumption(_ error: NodeRequestError?) { state.withLock { $0.resumeRefusal = error } }

    // What the test waits for.

    func submission() async throws -> ServingTask {
        let task = try await notices.first { if case .submitted(let task) = $0 { task } else { nil } }
        state.withLock { $0.unreadSubmissions -= 1 }
        return task
    }

    func cancellation() async throws -> TaskID {
        try await notices.first { if case .cancelled(let task) = $0 { task } else { nil } }
    }

    func resumption() async throws -> Int {
        try await notices.first { if case .resumed(_, let index) = $0 { index } else { nil } }
    }

    func acknowledgement() async throws -> TaskAcknowledgement {
        try await notices.first { if case .acknowledged(let word) = $0 { word } else { nil } }
    }

    func connection() async throws {
        try await notices.first { if case .connected = $0 { () } else { nil } }
    }

    // The orders.

    func events() async throws(NodeRequestError) -> any AsyncSequence<NodeEvent, any Error> & Sendable {
        try answer()
        let (stream, continuation) = AsyncThrowingStream.makeStream(of: NodeEvent.self, throwing: (any Error).self)
        continuation.yield(.hello(node: name, version: "test", processID: 1))
        continuation.yield(.models([summary]))
        continuation.yield(.instances([]))
        state.withLock { $0.stream = continuation }
        await notices.add(.connected)
        return stream
    }

    func submit(_ task: ServingTask) async throws(NodeRequestError) {
        try answer()
        let refusal = state.withLock { $0.refusals.isEmpty ? nil : $0.refusals.removeFirst() }
        if let refusal { throw refusal }
        state.withLock { $0.unreadSubmissions += 1 }
        await notices.add(.submitted(task))
    }

    func cancel(_ task: TaskID) async throws(NodeRequestError) {
        try answer()
        await notices.add(.cancelled(task))
    }

    func resume(_ task: TaskID, from index: Int) async throws(NodeRequestError) {
        try answer()
        if let refusal = state.withLock({ $0.resumeRefusal }) { throw refusal }
        await notices.add(.resumed(task, index: index))
    }

    func acknowledge(_ acknowledgements: [TaskAcknowledgement]) async throws(NodeRequestError) {
        try answer()
        for word in acknowledgements { await notices.add(.acknowledged(word)) }
    }

    func status() async throws(NodeRequestError) -> NodeStatus { throw .unreachable("not scripted") }
    func instances() async throws(NodeRequestError) -> [InstanceSummary] { [] }
    func templates() async throws(NodeRequestError) -> [TemplateSummary] { [] }
    func removeModel(_ name: ModelName) async throws(NodeRequestError) {}

    func importModel(
        _ name: ModelName, checkpoint: any AsyncSequence<ByteBuffer, any Error> & Sendable, byteCount: Int?
    ) async throws(NodeRequestError) -> any AsyncSequence<ImportProgress, any Error> & Sendable {
        throw .unreachable("not scripted")
    }

    private func answer() throws(NodeRequestError) {
        if state.withLock({ $0.isDown }) { throw .unreachable("down by the test") }
    }

    private var summary: ModelSummary {
        ModelSummary(
            name: model, digest: "d", architecture: "llama", parameterCount: 1, contextLength: 64, vocabularySize: 8,
            layout: "panel-f16", byteCount: 1, keyValueBytesPerToken: 1, createdAt: 1)
    }
}

/// Notices in order, each read once, by kind.
private actor NoticeBoard {
    /// Nothing of the kind came.
    struct Missing: Error {}

    private var notices: [ScriptedNode.Notice] = []
    private let arrivals = BoundedChannel<Void>(limit: 1)

    func add(_ notice: ScriptedNode.Notice) {
        notices.append(notice)
        arrivals.send(())
    }

    /// The first notice that `pick` knows; waits for it, in the end in vain.
    func first<Value: Sendable>(_ pick: @Sendable (ScriptedNode.Notice) -> Value?) async throws -> Value {
        while true {
            for (position, notice) in notices.enumerated() {
                guard let value = pick(notice) else { continue }
                notices.remove(at: position)
                return value
            }
            if try await arrivals.receive(within: .seconds(30)).isEmpty { throw Missing() }
        }
    }
}
