// SPDX-License-Identifier: Apache-2.0

/// Why a verb could not do what it was asked; each case has its exit code, each sentence the next step.
package enum CommandError: Error, Equatable, Sendable {
    /// The server or the system said no; the sentence says why.
    case failed(String)
    /// The command line contradicts itself in a way that its parser cannot see.
    case usage(String)
    /// Nobody answers on a socket.
    case unreachable(String)
    /// The server is full or not ready yet.
    case tryAgain(String)
    /// The caller may not do this.
    case permission(String)
    /// A setting of the environment or of a file is wrong.
    case configuration(String)
    /// The user pressed Ctrl-C.
    case interrupted

    /// As sysexits.h has them; 130 is what a shell reports for an interrupted program.
    package var exitCode: Int32 {
        switch self {
        case .failed: 1
        case .usage: 64
        case .unreachable: 69
        case .tryAgain: 75
        case .permission: 77
        case .configuration: 78
        case .interrupted: 130
        }
    }

    /// Whether another question may do better.
    var letsGoOn: Bool {
        switch self {
        case .failed, .usage, .tryAgain, .interrupted: true
        case .unreachable, .permission, .configuration: false
        }
    }

    /// Codes of failures that pass, in error answers and in answers that broke off.
    private static let passingCodes: Set<String> = [
        "queue_full", "no_node", "start_failed", "instance_lost", "overloaded", "server_restarting", "model_replaced",
    ]

    /// What an error of the server means for the caller.
    ///
    /// - `status`: nil for an error inside an answer that had begun well.
    /// - `code`: the server's stable word; nil where it gave none.
    package static func fromServer(status: Int?, code: String?, message: String) -> CommandError {
        if let code, passingCodes.contains(code) { return .tryAgain(message) }
        // Every value that this command sends was typed by the user.
        if code == "invalid_value" { return .usage(message) }
        switch status {
        case 401, 403: return .permission(message)
        case 429, 503: return .tryAgain(message)
        default: return .failed(message)
        }
    }
}

extension CommandError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .failed(let text), .usage(let text), .unreachable(let text), .tryAgain(let text),
            .permission(let text), .configuration(let text):
            text
        case .interrupted: "interrupted"
        }
    }
}
