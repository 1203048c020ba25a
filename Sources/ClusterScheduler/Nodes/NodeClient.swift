// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
package import Messages
package import NIOCore
package import ServingModel
internal import UnixHTTP

/// `NodeOrders` over a node's socket.
package struct NodeClient: NodeOrders {
    private let http: UnixHTTPClient

    /// Bounds on what a node may answer: it is trusted with tasks, not with the scheduler's memory.
    private enum Limits {
        static let body = 16 << 20
        static let line = 4 << 20
        static let wait = Duration.seconds(30)
    }

    package init(socketPath: String) {
        http = UnixHTTPClient(socketPath: socketPath)
    }

    package func events() async throws(NodeOrderError) -> any AsyncSequence<NodeEvent, any Error> & Sendable {
        let response = try await ask(.get, NodeRoutes.events)
        return response.lines(upTo: Limits.line).map { try Self.decode(NodeEvent.self, $0) }
    }

    package func submit(_ task: ServingTask) async throws(NodeOrderError) {
        try await settle(try await ask(.post, NodeRoutes.tasks, body: try Self.encode(task)))
    }

    package func cancel(_ task: TaskID) async throws(NodeOrderError) {
        do {
            try await settle(try await ask(.delete, NodeRoutes.task(task.description)))
        } catch .refused(status: 404, code: _, message: _) {
            // It is over: that is what was wanted.
        }
    }

    package func resume(_ task: TaskID, from index: Int) async throws(NodeOrderError) {
        let body = try Self.encode(TaskResumption(index: index))
        try await settle(try await ask(.post, NodeRoutes.resume(task.description), body: body))
    }

    package func acknowledge(_ acknowledgements: [TaskAcknowledgement]) async throws(NodeOrderError) {
        try await settle(try await ask(.post, NodeRoutes.acknowledge, body: try Self.encode(acknowledgements)))
    }

    package func status() async throws(NodeOrderError) -> NodeStatus {
        try await answer(NodeStatus.self, try await ask(.get, NodeRoutes.status))
    }

    package func instances() async throws(NodeOrderError) -> [InstanceSummary] {
        try await answer([InstanceSummary].self, try await ask(.get, NodeRoutes.instances))
    }

    package func templates() async throws(NodeOrderError) -> [TemplateSummary] {
        try await answer([TemplateSummary].self, try await ask(.get, NodeRoutes.templates))
    }

    package func importModel(
        _ name: ModelName, checkpoint: any AsyncSequence<ByteBuffer, any Error> & Sendable, byteCount: Int?
    ) async throws(NodeOrderError) -> any AsyncSequence<ImportProgress, any Error> & Sendable {
        // A large checkpoint takes longer than any answer should: the node sends its header when it begins to pack.
        let target = NodeRoutes.models + "?name=" + PercentEncoding.encode(name.text)
        let body = ClientRequestBody.stream(checkpoint, byteCount: byteCount)
        let response = try await ask(.post, target, body: body, timeout: nil)
        return response.lines(upTo: Limits.line).map { try Self.decode(ImportProgress.self, $0) }
    }

    package func removeModel(_ name: ModelName) async throws(NodeOrderError) {
        try await settle(try await ask(.delete, NodeRoutes.model(PercentEncoding.encode(name.text))))
    }

    /// Sends a request and turns every answer that is no success into an error.
    private func ask(
        _ method: ClientMethod, _ target: String, body: ClientRequestBody = .none, timeout: Duration? = Limits.wait
    ) async throws(NodeOrderError) -> ClientResponse {
        let headers = ["content-type": "application/json"]
        do {
            let response = try await http.request(method, target, headers: headers, body: body, timeout: timeout)
            guard !(200..<300).contains(response.status) else { return response }
            throw await Self.refusal(response)
        } catch let error as NodeOrderError {
            throw error
        } catch is CancellationError {
            throw .cancelled
        } catch {
            throw .unreachable("\(error)")
        }
    }

    private static func refusal(_ response: ClientResponse) async -> NodeOrderError {
        let body = try? await response.collect(upTo: 64 << 10)
        if let body, let error = try? decode(NodeAPIError.self, body) {
            return .refused(status: response.status, code: error.code, message: error.message)
        }
        return .refused(
            status: response.status, code: "status_\(response.status)", message: "the node answered \(response.status)")
    }

    /// Reads an answer without content to its end, so that its connection can be used again.
    private func settle(_ response: ClientResponse) async throws(NodeOrderError) {
        do {
            _ = try await response.collect(upTo: Limits.body)
        } catch is CancellationError {
            throw .cancelled
        } catch {
            throw .unreachable("\(error)")
        }
    }

    private func answer<Value: Decodable>(
        _ type: Value.Type, _ response: ClientResponse
    ) async throws(NodeOrderError) -> Value {
        do {
            return try Self.decode(type, try await response.collect(upTo: Limits.body))
        } catch let error as NodeOrderError {
            throw error
        } catch is CancellationError {
            throw .cancelled
        } catch {
            throw .unreachable("\(error)")
        }
    }

    private static func decode<Value: Decodable>(
        _ type: Value.Type, _ buffer: ByteBuffer
    ) throws(NodeOrderError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(buffer.readableBytesView))
        } catch {
            throw .malformed("\(error)")
        }
    }

    private static func encode(_ value: some Encodable) throws(NodeOrderError) -> ClientRequestBody {
        do {
            return .bytes(try JSONEncoder().encode(value))
        } catch {
            throw .malformed("\(error)")
        }
    }
}
