// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
package import Messages
package import NIOCore
package import ServingModel
internal import UnixHTTP

/// `NodeAPI` over a node's socket.
package struct NodeClient: NodeAPI {
    private let http: UnixHTTPClient
    private let headers: [String: String]
    /// How long the node may take to begin an answer.
    private let timeout: Duration

    /// Bounds on what a node may answer: it is trusted with tasks, not with the scheduler's memory.
    private enum Limits {
        static let body = 16 << 20
        static let line = 4 << 20
    }

    /// Speaks to the node behind `socketPath` in the name of `scheduler`. A node that takes longer than `timeout` to begin
    /// an answer is unreachable.
    package init(socketPath: String, scheduler: SchedulerIdentity, timeout: Duration) {
        self.timeout = timeout
        http = UnixHTTPClient(socketPath: socketPath)
        headers = ["content-type": "application/json", NodeRoutes.schedulerHeader: scheduler.description]
    }

    package func events() async throws(NodeRequestError) -> any AsyncSequence<NodeEvent, any Error> & Sendable {
        let response = try await request(.get, NodeRoutes.events)
        // One decoder reads all of a stream: making one costs more than reading a token with it.
        let decoder = JSONDecoder()
        return response.lines(upTo: Limits.line).map { line in
            if let tokens = line.withUnsafeReadableBytes({ TokenLine.read($0) }) { return .tokens(tokens) }
            return try Self.decode(NodeEvent.self, line, with: decoder)
        }
    }

    package func submit(_ task: ServingTask) async throws(NodeRequestError) {
        try await readToEnd(try await request(.post, NodeRoutes.tasks, body: try Self.encode(task)))
    }

    package func cancel(_ task: TaskID) async throws(NodeRequestError) {
        do {
            try await readToEnd(try await request(.delete, NodeRoutes.task(task.description)))
        } catch .refused(status: 404, code: _, message: _) {
            // It is over: that is what was wanted.
        }
    }

    package func resume(_ task: TaskID, from index: Int) async throws(NodeRequestError) {
        let body = try Self.encode(TaskResumption(index: index))
        try await readToEnd(try await request(.post, NodeRoutes.resume(task.description), body: body))
    }

    package func acknowledge(_ acknowledgements: [TaskAcknowledgement]) async throws(NodeRequestError) {
        try await readToEnd(try await request(.post, NodeRoutes.acknowledge, body: try Self.encode(acknowledgements)))
    }

    package func status() async throws(NodeRequestError) -> NodeStatus {
        try await readBody(NodeStatus.self, try await request(.get, NodeRoutes.status))
    }

    package func instances() async throws(NodeRequestError) -> [InstanceSummary] {
        try await readBody([InstanceSummary].self, try await request(.get, NodeRoutes.instances))
    }

    package func templates() async throws(NodeRequestError) -> [TemplateSummary] {
        try await readBody([TemplateSummary].self, try await request(.get, NodeRoutes.templates))
    }

    package func importModel(
        _ name: ModelName, checkpoint: any AsyncSequence<ByteBuffer, any Error> & Sendable, byteCount: Int?
    ) async throws(NodeRequestError) -> any AsyncSequence<ImportProgress, any Error> & Sendable {
        // A large checkpoint takes longer than any answer should: the node sends its header when it begins to pack.
        let target = NodeRoutes.models + "?name=" + PercentEncoding.encode(name.text)
        let body = ClientRequestBody.stream(checkpoint, byteCount: byteCount)
        let response = try await request(.post, target, body: body, isBounded: false)
        return response.lines(upTo: Limits.line).map { try Self.decode(ImportProgress.self, $0) }
    }

    package func removeModel(_ name: ModelName) async throws(NodeRequestError) {
        try await readToEnd(try await request(.delete, NodeRoutes.model(PercentEncoding.encode(name.text))))
    }

    /// Sends a request and turns every answer that is no success into an error.
    private func request(
        _ method: ClientMethod, _ target: String, body: ClientRequestBody = .none, isBounded: Bool = true
    ) async throws(NodeRequestError) -> ClientResponse {
        do {
            let response = try await http.request(
                method, target, headers: headers, body: body, timeout: isBounded ? timeout : nil)
            guard !(200..<300).contains(response.status) else { return response }
            throw await Self.refusal(response)
        } catch let error as NodeRequestError {
            throw error
        } catch is CancellationError {
            throw .cancelled
        } catch {
            throw .unreachable("\(error)")
        }
    }

    private static func refusal(_ response: ClientResponse) async -> NodeRequestError {
        let body = try? await response.collect(upTo: 64 << 10)
        if let body, let error = try? decode(NodeAPIError.self, body) {
            return .refused(status: response.status, code: error.code, message: error.message)
        }
        return .refused(
            status: response.status, code: "status_\(response.status)", message: "the node answered \(response.status)")
    }

    /// Reads an answer without content to its end, so that its connection can be used again.
    private func readToEnd(_ response: ClientResponse) async throws(NodeRequestError) {
        do {
            _ = try await response.collect(upTo: Limits.body)
        } catch is CancellationError {
            throw .cancelled
        } catch {
            throw .unreachable("\(error)")
        }
    }

    private func readBody<Value: Decodable>(
        _ type: Value.Type, _ response: ClientResponse
    ) async throws(NodeRequestError) -> Value {
        do {
            return try Self.decode(type, try await response.collect(upTo: Limits.body))
        } catch let error as NodeRequestError {
            throw error
        } catch is CancellationError {
            throw .cancelled
        } catch {
            throw .unreachable("\(error)")
        }
    }

    private static func decode<Value: Decodable>(
        _ type: Value.Type, _ buffer: ByteBuffer, with decoder: JSONDecoder = JSONDecoder()
    ) throws(NodeRequestError) -> Value {
        do {
            return try decoder.decode(type, from: Data(buffer.readableBytesView))
        } catch {
            throw .malformed("\(error)")
        }
    }

    private static func encode(_ value: some Encodable) throws(NodeRequestError) -> ClientRequestBody {
        do {
            return .bytes(try JSONEncoder().encode(value))
        } catch {
            throw .malformed("\(error)")
        }
    }
}
