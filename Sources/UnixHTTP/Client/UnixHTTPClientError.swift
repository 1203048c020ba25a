// SPDX-License-Identifier: Apache-2.0

/// Why a request over a Unix socket got no (whole) answer.
package enum UnixHTTPClientError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no socket file.
    case socketMissing(path: String)
    /// There is one, and nobody listens behind it.
    case notListening(path: String)
    case permissionDenied(path: String)
    /// The server's queue of waiting connections is full.
    case busy(path: String)
    /// Any other reason that the kernel gave.
    case cannotConnect(path: String, reason: String)
    /// The server closed before the answer was complete.
    case connectionLost(path: String)
    /// No header of an answer within the time that the caller allowed.
    case timedOut(path: String)
    /// What came is no HTTP, or what was to be sent is not.
    case malformed(path: String, reason: String)
    /// The answer's body, or a line of it, is larger than the caller allowed.
    case tooLarge(limit: Int)

    package var description: String {
        switch self {
        case .socketMissing(let path):
            "there is no socket at \(path): start the daemon that serves it, or name another socket"
        case .notListening(let path):
            "nobody answers on \(path): its daemon ended; start it again"
        case .permissionDenied(let path):
            "permission denied on \(path): join the group that owns the socket (see ls -l), or ask its administrator"
        case .busy(let path): "the daemon on \(path) has too many waiting connections: try again"
        case .cannotConnect(let path, let reason): "cannot connect to \(path): \(reason)"
        case .connectionLost(let path): "the daemon on \(path) closed the connection before its answer was complete"
        case .timedOut(let path): "the daemon on \(path) did not answer in time"
        case .malformed(let path, let reason): "the exchange over \(path) is no valid HTTP: \(reason)"
        case .tooLarge(let limit): "the answer is larger than the \(limit) bytes that are allowed here"
        }
    }
}
