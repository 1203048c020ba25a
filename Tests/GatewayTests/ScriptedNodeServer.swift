// SPDX-License-Identifier: Apache-2.0
import ClusterScheduler
import Foundation
import HTTPTypes
import HummingbirdCore
import Messages
import NIOCore
import ServingModel
import Synchronization
import UnixHTTP

/// The node API on a real socket, answered by a script: what is asked of it is noted, tasks are answered by `script`.
final class ScriptedNodeServer: Sendable {
    /// Tells the events of a task that has just been taken.
    typealias Script = @Sendable (ServingTask, (TaskEvent) -> Void) -> Void

    let node: NodeName
    let model: ModelName
    let script: Script
    /// What an import ends with; until a test says otherwise the model that is there.
    let imported: Mutex<ModelSummary?> = Mutex(nil)
    /// Tasks that were to be ended.
    let cancellations = BoundedChannel<String>(limit: 100)
    /// Names of models that were removed.
    let removals = Mutex<[String]>([])
    private let stream = Mutex<AsyncStream<ByteBuffer>.Continuation?>(nil)

    init(_ node: NodeName, model: ModelName, script: @escaping Script) {
        self.node = node
        self.model = model
        self.script = script
    }

    /// The node API, whatever is asked.
    var routes: [HTTPRoute] {
        [.get, .post, .delete].map { method in
            HTTPRoute(method, "/**", access: .scheduler) { [self] in try await respond(to: $0.request) }
        }
    }

    private func respond(to request: Request) async throws -> Response {
        let path = request.uri.path
        switch (request.method, path) {
        case (.get, NodeRoutes.events): return events()
        case (.get, NodeRoutes.status): return try json(status)
        case (.get, NodeRoutes.instances): return try json([InstanceSummary]())
        case (.get, NodeRoutes.templates): return try json([TemplateSummary]())
        case (.post, NodeRoutes.tasks):
            let task = try await JSONResponse.read(ServingTask.self, request, upTo: 16 << 20)
            script(task) { emit(.task(task.id, $0)) }
            return Response(status: .accepted)
        case (.post, NodeRoutes.models): return try await importModel(request)
        case (.delete, _) where path.hasPrefix(NodeRoutes.tasks):
            cancellations.send(String(path.dropFirst(NodeRoutes.tasks.count + 1)))
            return Response(status: .noContent)
        case (.delete, _):
            removals.withLock { $0.append(String(path.dropFirst(NodeRoutes.models.count + 1))) }
            tell(models: [])
            return Response(status: .noContent)
        default: return Response(status: .noContent)
        }
    }

    /// What its store holds from now on.
    func tell(models: [ModelSummary]) { emit(.models(models)) }

    private func emit(_ event: NodeEvent) {
        guard var line = try? ByteBuffer(bytes: JSONEncoder().encode(event)) else { return }
        line.writeString("\n")
        stream.withLock { _ = $0?.yield(line) }
    }

    private func events() -> Response {
        let (lines, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
        stream.withLock { $0 = continuation }
        emit(.hello(node: node, version: "test", processID: 1))
        tell(models: [summary])
        emit(.instances([]))
        return Response(status: .ok, body: ResponseBody(asyncSequence: lines))
    }

    private func importModel(_ request: Request) async throws -> Response {
        var count = 0
        for try await part in request.body { count += part.readableBytes }
        var lines = ByteBuffer()
        for progress in [
            ImportProgress.receiving(bytes: count, total: count), .completed(imported.withLock { $0 } ?? summary),
        ] {
            lines.writeBytes(try JSONEncoder().encode(progress))
            lines.writeString("\n")
        }
        return Response(status: .ok, body: ResponseBody(byteBuffer: lines))
    }

    private func json(_ value: some Encodable) throws -> Response {
        Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(bytes: try JSONEncoder().encode(value))))
    }

    var summary: ModelSummary {
        var sampling = SamplingDefaults()
        sampling.topP = 0.25
        return ModelSummary(
            name: model, digest: "d", architecture: "llama", parameterCount: 1, contextLength: 64,
            vocabularySize: 8, layout: "panel-f16", byteCount: 1, keyValueBytesPerToken: 1, createdAt: 1700.5,
            sampling: sampling)
    }

    private var status: NodeStatus {
        NodeStatus(
            node: node, version: "test", processID: 1, keeperProcessID: nil, kernel: "test", coreCount: 1,
            memoryBytes: 1, hasControlGroups: false, landlockABI: 0, sandboxRemarks: [], remarks: [], models: 1,
            templates: 0, instances: 0, activeTasks: 0, startedAt: 0)
    }
}
