// SPDX-License-Identifier: Apache-2.0
internal import ClusterScheduler
internal import HTTPTypes
internal import Hummingbird
internal import Messages
internal import OpenAIAPI
internal import ServingModel
internal import UnixHTTP

/// An error of a request for which a job was made: the client gets its id all the same.
struct JobRefusal: Error {
    let error: APIError
    let job: JobID
}

/// Errors as answers: the one place where they leave.
enum ErrorResponse {
    static func make(_ error: APIError, job: JobID? = nil) -> Response {
        var headers = HTTPFields([HTTPField(name: .contentType, value: "application/json; charset=utf-8")])
        if let seconds = error.retryAfterSeconds { headers[.retryAfter] = String(seconds) }
        if let job { headers[JobHeader.name] = job.description }
        return Response(
            status: HTTPResponse.Status(code: error.kind.status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: error.envelope.json)))
    }

    /// The answer to a method that no route of a path has; `methods` are those that it has.
    static func makeAllowing(_ methods: [HTTPRequest.Method], not method: HTTPRequest.Method) -> Response {
        var allowed = methods.map(\.rawValue)
        if methods.contains(.get) { allowed.append("HEAD") }
        let list = allowed.sorted().joined(separator: ", ")
        var response = make(APIError(.methodNotAllowed, "\(method) is not possible here: use \(list)"))
        response.headers[.allow] = list
        return response
    }

    /// The answer to a request whose body was not read; the connection is closed behind it.
    static func makeLast(_ unread: UnreadBody) -> Response {
        var response = make(unread.error)
        response.headers[.connection] = "close"
        return response
    }
}

/// The header that names an answer's job.
enum JobHeader {
    /// The table's name is a valid one; a wrong one would show in every test.
    static let name = HTTPField.Name(SchedulerRoutes.jobHeader) ?? .trailer
}

extension APIError {
    /// What HTTP itself forbids.
    init(_ refusal: HTTPRefusal) {
        let kind: APIErrorKind =
            switch refusal {
            case .malformedRequest, .missingHost: .invalidRequest
            case .targetTooLong: .targetTooLong
            case .headersTooLarge: .headersTooLarge
            case .requestTimedOut: .requestTimedOut
            case .expectationFailed: .expectationFailed
            case .versionNotSupported: .versionNotSupported
            case .tooManyConnections: .tooManyConnections
            case .internalError: .internalError
            }
        self.init(kind, refusal.message)
    }

    /// What a job's failure is for its client.
    init(_ failure: JobFailure) {
        let kind: APIErrorKind =
            switch failure.kind {
            case .task(let task): APIErrorKind(task)
            case .noNode: .noNode
            case .queueFull: .queueFull
            case .cancelled: .cancelled
            case .serverRestarting: .serverRestarting
            }
        self.init(kind, failure.message, parameter: kind == .modelNotFound ? "model" : nil)
    }

    /// What a node's refusal is for an administrator.
    init(_ error: NodeOrderError, node: NodeName) {
        switch error {
        case .refused(let status, _, let message): self.init(APIErrorKind(status: status), message)
        case .unreachable, .malformed, .cancelled: self.init(.noNode, "node \(node): \(error)")
        }
    }
}
