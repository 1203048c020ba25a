// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import Messages
internal import NIOCore
internal import ServingModel
internal import UnixHTTP

/// The server that a verb speaks to: the scheduler, or one node directly.
struct AdminServer: Sendable {
    /// Which API stands behind the socket.
    enum Side: Hashable, Sendable {
        case scheduler
        case node(NodeName)
    }

    /// Listings are far below; a larger answer is not ours.
    private static let maximumAnswer = 64 << 20
    /// Listings never wait for models, so a daemon that takes longer is stuck.
    private static let listingTimeout = Duration.seconds(20)

    let side: Side
    let socketPath: String
    private let client: UnixHTTPClient

    init(side: Side, socketPath: String) {
        self.side = side
        self.socketPath = socketPath
        client = UnixHTTPClient(socketPath: socketPath)
    }

    /// Decodes the answer to a GET.
    func get<Answer: Decodable>(_ target: String, as type: Answer.Type = Answer.self) async throws(CommandError)
        -> Answer
    {
        try decode(try await collect(try await send(.get, target, timeout: Self.listingTimeout)))
    }

    /// Sends a question and decodes its answer, which may take as long as a model's start.
    func post<Question: Encodable, Answer: Decodable>(
        _ target: String, _ question: Question, as type: Answer.Type = Answer.self
    ) async throws(CommandError) -> Answer {
        let body: Data
        do {
            body = try JSONEncoder().encode(question)
        } catch {
            throw .usage("the request cannot be written as JSON: \(error)")
        }
        return try decode(
            try await collect(
                try await send(.post, target, headers: ["content-type": "application/json"], body: .bytes(body))))
    }

    private func decode<Answer: Decodable>(_ body: ByteBuffer) throws(CommandError) -> Answer {
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(body.readableBytesView))
        } catch {
            throw .failed(
                "\(socketPath) answered something else than this command understands: is it of the same version? "
                    + "(deepflow version shows both)")
        }
    }

    /// Sends a DELETE and decodes the answer where there is one.
    func delete(_ target: String) async throws(CommandError) {
        _ = try await collect(try await send(.delete, target, timeout: Self.listingTimeout))
    }

    /// Sends a request and returns its answer's header; an error status is thrown with the server's words.
    func send(
        _ method: ClientMethod, _ target: String, headers: [String: String] = [:],
        body: ClientRequestBody = .none, timeout: Duration? = nil
    ) async throws(CommandError) -> ClientResponse {
        let response: ClientResponse
        do {
            response = try await client.request(method, target, headers: headers, body: body, timeout: timeout)
        } catch {
            throw Self.explain(error)
        }
        guard !(200..<300).contains(response.status) else { return response }
        let text = try await collect(response)
        let error = ServerErrorBody(status: response.status, body: Array(text.readableBytesView))
        throw .fromServer(status: response.status, code: error.code, message: error.message)
    }

    /// What an error of a connection or of a streamed body means to the user.
    static func explain(_ error: any Error) -> CommandError {
        switch error {
        case let error as CommandError: error
        case is CancellationError: .interrupted
        case UnixHTTPClientError.permissionDenied: .permission("\(error)")
        case UnixHTTPClientError.busy: .tryAgain("\(error)")
        case UnixHTTPClientError.connectionLost: .tryAgain("\(error): send the request again")
        case UnixHTTPClientError.socketMissing, UnixHTTPClientError.notListening,
            UnixHTTPClientError.cannotConnect, UnixHTTPClientError.timedOut:
            .unreachable("\(error)")
        default: .failed("\(error)")
        }
    }

    private func collect(_ response: ClientResponse) async throws(CommandError) -> ByteBuffer {
        do {
            return try await response.collect(upTo: Self.maximumAnswer)
        } catch {
            throw Self.explain(error)
        }
    }
}
