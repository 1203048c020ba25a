// SPDX-License-Identifier: Apache-2.0
internal import ClusterScheduler
internal import HTTPTypes
internal import Hummingbird
internal import Messages
internal import OpenAIAPI
internal import ServingModel

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

    /// The answer to a request whose body was not read; the connection is closed behind it.
    static func makeLast(_ unread: UnreadBody) -> Response {
        var response = make(unread.error)
        response.headers[.connection] = "close"
        let text = ByteBuffer(bytes: unread.error.envelope.json)
        response.body = ResponseBody(contentLength: text.readableBytes) { writer in
            try await writer.write(text)
            try await writer.finish(nil)
            // A close with bytes unread would break the client's sending before it has read the answer.
            if let rest = unread.rest { try await BoundedBody.drain(rest) }
            throw ConnectionOver()
        }
        return response
    }

    /// What makes the server close a connection that is in order.
    private struct ConnectionOver: Error {}
}

/// The header that names an answer's job.
enum JobHeader {
    /// The table's name is a valid one; a wrong one would show in every test.
    static let name = HTTPField.Name(SchedulerRoutes.jobHeader) ?? .trailer
}

extension APIError {
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
