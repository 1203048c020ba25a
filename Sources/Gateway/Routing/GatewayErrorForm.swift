// SPDX-License-Identifier: Apache-2.0
internal import ClusterScheduler
internal import HTTPTypes
internal import Messages
internal import OpenAIAPI
internal import ServingModel
internal import UnixHTTP

/// An error of a request for which a job was made: the client gets its id all the same.
struct JobRefusal: Error {
    let error: APIError
    let job: JobID
}

/// Errors as OpenAI's clients read them.
struct GatewayErrorForm: ErrorForm {
    func answer(to error: any Error) -> ErrorAnswer {
        switch error {
        case let refusal as JobRefusal:
            var answer = Self.answer(refusal.error)
            answer.headerFields[JobHeader.name] = refusal.job.description
            return answer
        case let error as APIError: return Self.answer(error)
        case let refusal as HTTPRefusal:
            var answer = Self.answer(APIError(refusal))
            answer.headerFields.append(contentsOf: refusal.headerFields)
            return answer
        default:
            var answer = Self.answer(
                APIError(.internalError, "something went wrong here: the scheduler's log has the details"))
            answer.isDefect = true
            return answer
        }
    }

    private static func answer(_ error: APIError) -> ErrorAnswer {
        var fields = HTTPFields()
        if let seconds = error.retryAfterSeconds { fields[.retryAfter] = String(seconds) }
        return ErrorAnswer(status: error.kind.status, body: error.envelope.json, headerFields: fields)
    }
}

/// The header that names an answer's job.
enum JobHeader {
    /// The table's name is a valid one; a wrong one would show in every test.
    static let name = HTTPField.Name(SchedulerRoutes.jobHeader) ?? .trailer
}

extension APIError {
    /// What HTTP itself, or the table of routes, forbids.
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
            case .noSuchPath: .notFound
            case .methodNotAllowed: .methodNotAllowed
            case .otherSocket, .missingRole: .forbidden
            case .bodyTooLarge: .requestTooLarge
            case .encodingNotSupported: .unsupportedEncoding
            }
        self.init(kind, refusal.message)
        // The refusal's own fields say it.
        retryAfterSeconds = nil
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
    init(_ error: NodeRequestError, node: NodeName) {
        switch error {
        case .refused(let status, _, let message): self.init(APIErrorKind(status: status), message)
        case .unreachable, .malformed, .cancelled: self.init(.noNode, "node \(node): \(error)")
        }
    }
}
