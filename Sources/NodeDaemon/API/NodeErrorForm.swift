// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import HTTPTypes
internal import Messages
internal import ServingModel
internal import UnixHTTP

/// Errors as `NodeAPIError`s: the one table of codes and statuses of the node API.
struct NodeErrorForm: ErrorForm {
    func answer(to error: any Error) -> ErrorAnswer {
        if let refusal = error as? HTTPRefusal {
            let told = NodeAPIError(code: Self.code(of: refusal), message: refusal.message)
            return Self.answer(told, status: refusal.status, refusal.headerFields)
        }
        let told = Self.explain(error)
        let status = Self.status(of: told.code)
        return Self.answer(told, status: status, status == 429 ? [.retryAfter: "1"] : [:])
    }

    private static func answer(_ error: NodeAPIError, status: Int, _ fields: HTTPFields) -> ErrorAnswer {
        ErrorAnswer(
            // Two texts: there is nothing in them that cannot be encoded.
            status: status, body: (try? JSONEncoder().encode(error)).map(Array.init) ?? [], headerFields: fields,
            isDefect: error.code == TaskFailure.internalError.rawValue)
    }

    private static func explain(_ error: any Error) -> NodeAPIError {
        switch error {
        case let error as NodeAPIError: error
        case let error as NodeDaemonError: NodeAPIError(code: code(of: error), message: error.description)
        case is DecodingError:
            NodeAPIError(code: "bad_request", message: "the body is not the JSON that this route takes: \(error)")
        default:
            NodeAPIError(
                code: TaskFailure.internalError.rawValue, message: "a defect of the node daemon: see its log")
        }
    }

    private static func code(of refusal: HTTPRefusal) -> String {
        switch refusal {
        case .noSuchPath: "not_found"
        case .otherSocket, .missingRole: "forbidden"
        case .tooManyConnections: TaskFailure.overloaded.rawValue
        case .internalError: TaskFailure.internalError.rawValue
        default: "bad_request"
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
    static func status(of code: String) -> Int {
        switch code {
        case "bad_request", TaskFailure.invalidRequest.rawValue, TaskFailure.contextLengthExceeded.rawValue:
            400
        case "forbidden": 403
        case "not_found", TaskFailure.modelNotFound.rawValue: 404
        case "conflict", "stale_epoch", TaskFailure.modelReplaced.rawValue: 409
        case TaskFailure.overloaded.rawValue: 429
        case "insufficient_storage": 507
        default: 500
        }
    }
}
