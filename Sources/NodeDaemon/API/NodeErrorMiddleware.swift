// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import Messages
internal import NIOCore
internal import ServingModel
internal import UnixHTTP

/// Turns whatever a route throws into a status and a `NodeAPIError`: the one table of both.
struct NodeErrorMiddleware: RouterMiddleware {
    typealias Context = PeerRequestContext

    func handle(
        _ request: Request, context: PeerRequestContext,
        next: (Request, PeerRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as CancellationError {
            throw error
        } catch {
            let answer = Self.explain(error)
            if answer.code == TaskFailure.internalError.rawValue {
                context.logger.error(
                    "a route failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            }
            var response = try JSONAnswer.make(answer, status: Self.status(of: answer.code))
            if response.status == .tooManyRequests { response.headers[.retryAfter] = "1" }
            return response
        }
    }

    /// The error as the node API tells it.
    static func explain(_ error: any Error) -> NodeAPIError {
        switch error {
        case let error as NodeAPIError: error
        case let error as NodeDaemonError: NodeAPIError(code: code(of: error), message: error.description)
        case let error as HTTPError: explain(error)
        case let refusal as HTTPRefusal: explain(refusal)
        case is DecodingError:
            NodeAPIError(code: "bad_request", message: "the body is not the JSON that this route takes: \(error)")
        case is NIOTooManyBytesError:
            NodeAPIError(code: "bad_request", message: "the body is larger than this route takes")
        default:
            NodeAPIError(
                code: TaskFailure.internalError.rawValue, message: "a defect of the node daemon: see its log")
        }
    }

    private static func explain(_ error: HTTPError) -> NodeAPIError {
        switch error.status {
        case .notFound: NodeAPIError(code: "not_found", message: "the node API has no such route")
        default: NodeAPIError(code: "bad_request", message: error.body ?? error.status.reasonPhrase)
        }
    }

    /// What HTTP itself forbids.
    static func explain(_ refusal: HTTPRefusal) -> NodeAPIError {
        switch refusal {
        case .internalError: NodeAPIError(code: TaskFailure.internalError.rawValue, message: refusal.message)
        case .tooManyConnections: NodeAPIError(code: TaskFailure.overloaded.rawValue, message: refusal.message)
        default: NodeAPIError(code: "bad_request", message: refusal.message)
        }
    }

    private static func code(of error: NodeDaemonError) -> String {
        switch error {
        case .insufficientStorage: "insufficient_storage"
        case .importInProgress: "conflict"
        case .unknownModel, .unknownCheckpoint: "not_found"
        case .badCheckpoint: "bad_request"
        case .modelReplaced: TaskFailure.modelReplaced.rawValue
        case .keeperUnavailable: TaskFailure.overloaded.rawValue
        case .cannotPrepare, .alreadyRunning, .stateInUse, .storeUnusable, .packingFailed, .sandboxRequired:
            TaskFailure.internalError.rawValue
        }
    }

    /// The HTTP status of each code.
    static func status(of code: String) -> HTTPResponse.Status {
        switch code {
        case "bad_request", TaskFailure.invalidRequest.rawValue, TaskFailure.contextLengthExceeded.rawValue:
            .badRequest
        case "forbidden": .forbidden
        case "not_found", TaskFailure.modelNotFound.rawValue: .notFound
        case "conflict", TaskFailure.modelReplaced.rawValue: .conflict
        case TaskFailure.overloaded.rawValue: .tooManyRequests
        case "insufficient_storage": HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
        default: .internalServerError
        }
    }
}

/// JSON in and out.
enum JSONAnswer {
    /// A response with `value` as its body.
    static func make(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        let data = try JSONEncoder().encode(value)
        return Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
    }

    /// The request's body as a value; at most `limit` bytes of it.
    static func read<Value: Decodable>(_ type: Value.Type, _ request: Request, upTo limit: Int) async throws -> Value {
        let body = try await request.body.collect(upTo: limit)
        return try JSONDecoder().decode(type, from: Data(body.readableBytesView))
    }

    /// A refusal's body.
    static func body(of refusal: HTTPRefusal) -> [UInt8] {
        // Two texts: there is nothing in it that cannot be encoded.
        (try? JSONEncoder().encode(NodeErrorMiddleware.explain(refusal))).map(Array.init) ?? []
    }

    /// One line of newline-delimited JSON.
    static func line(_ value: some Encodable) throws -> ByteBuffer {
        var buffer = ByteBuffer(bytes: try JSONEncoder().encode(value))
        buffer.writeInteger(UInt8(ascii: "\n"))
        return buffer
    }
}
