// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// Every way in which a request can fail, with what a client sees of it: the one table of statuses, types and codes.
package enum APIErrorKind: String, Hashable, Sendable, CaseIterable {
    case invalidJSON, invalidRequest, unsupportedParameter, contextLengthExceeded
    case forbidden
    case notFound, modelNotFound
    case methodNotAllowed
    case requestTimedOut, targetTooLong, expectationFailed, headersTooLarge, tooManyConnections, versionNotSupported
    case cancelled, conflict, modelReplaced
    case requestTooLarge, unsupportedEncoding
    case queueFull
    case internalError
    case noNode, startFailed, instanceLost, overloaded, serverRestarting
    case insufficientStorage

    private struct Row {
        let status: Int
        let type: String
        let code: String
        var retryAfterSeconds: Int?
    }

    private var row: Row {
        switch self {
        case .invalidJSON: Row(status: 400, type: "invalid_request_error", code: "invalid_json")
        case .invalidRequest: Row(status: 400, type: "invalid_request_error", code: "invalid_value")
        case .unsupportedParameter: Row(status: 400, type: "invalid_request_error", code: "unsupported_parameter")
        case .contextLengthExceeded:
            Row(status: 400, type: "invalid_request_error", code: "context_length_exceeded")
        case .forbidden: Row(status: 403, type: "permission_error", code: "forbidden")
        case .notFound: Row(status: 404, type: "invalid_request_error", code: "not_found")
        case .modelNotFound: Row(status: 404, type: "invalid_request_error", code: "model_not_found")
        case .methodNotAllowed: Row(status: 405, type: "invalid_request_error", code: "method_not_allowed")
        case .requestTimedOut: Row(status: 408, type: "invalid_request_error", code: "request_timed_out")
        case .targetTooLong: Row(status: 414, type: "invalid_request_error", code: "uri_too_long")
        case .expectationFailed: Row(status: 417, type: "invalid_request_error", code: "expectation_failed")
        case .headersTooLarge: Row(status: 431, type: "invalid_request_error", code: "headers_too_large")
        case .tooManyConnections:
            Row(status: 429, type: "rate_limit_error", code: "too_many_connections", retryAfterSeconds: 1)
        case .versionNotSupported: Row(status: 505, type: "invalid_request_error", code: "version_not_supported")
        case .cancelled: Row(status: 409, type: "conflict_error", code: "cancelled")
        case .conflict: Row(status: 409, type: "conflict_error", code: "conflict")
        case .modelReplaced: Row(status: 409, type: "conflict_error", code: "model_replaced")
        case .requestTooLarge: Row(status: 413, type: "invalid_request_error", code: "request_too_large")
        case .unsupportedEncoding: Row(status: 415, type: "invalid_request_error", code: "unsupported_encoding")
        case .queueFull: Row(status: 429, type: "rate_limit_error", code: "queue_full", retryAfterSeconds: 1)
        case .internalError: Row(status: 500, type: "server_error", code: "internal_error")
        case .noNode: Row(status: 503, type: "server_error", code: "no_node", retryAfterSeconds: 2)
        case .startFailed: Row(status: 503, type: "server_error", code: "start_failed", retryAfterSeconds: 5)
        case .instanceLost: Row(status: 503, type: "server_error", code: "instance_lost", retryAfterSeconds: 1)
        case .overloaded: Row(status: 503, type: "server_error", code: "overloaded", retryAfterSeconds: 1)
        case .serverRestarting:
            Row(status: 503, type: "server_error", code: "server_restarting", retryAfterSeconds: 2)
        case .insufficientStorage: Row(status: 507, type: "server_error", code: "insufficient_storage")
        }
    }

    /// HTTP status.
    package var status: Int { row.status }
    /// OpenAI's class of the error.
    package var type: String { row.type }
    /// Stable word for programs.
    package var code: String { row.code }
    /// Value of `Retry-After`; nil where asking again does not help.
    package var retryAfterSeconds: Int? { row.retryAfterSeconds }

    /// What a task's failure is for the client of the request.
    package init(_ failure: TaskFailure) {
        switch failure {
        case .contextLengthExceeded: self = .contextLengthExceeded
        case .invalidRequest: self = .invalidRequest
        case .modelNotFound: self = .modelNotFound
        case .modelReplaced: self = .modelReplaced
        case .instanceLost, .instanceCrashed: self = .instanceLost
        case .startFailed: self = .startFailed
        case .overloaded, .preempted: self = .overloaded
        case .internalError: self = .internalError
        }
    }

    /// What a bare HTTP status, from the server library or a node, is for the client.
    package init(status: Int) {
        switch status {
        case 401, 403: self = .forbidden
        case 404: self = .notFound
        case 405: self = .methodNotAllowed
        case 409: self = .conflict
        case 413: self = .requestTooLarge
        case 415: self = .unsupportedEncoding
        case 429: self = .queueFull
        case 503: self = .overloaded
        case 507: self = .insufficientStorage
        case 400...499: self = .invalidRequest
        default: self = .internalError
        }
    }
}
