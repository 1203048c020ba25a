// SPDX-License-Identifier: Apache-2.0
package import HTTPTypes

/// Why a request, or a whole connection, ends without a route's own answer: all that HTTP and the table of routes
/// forbid. The body of the answer has the form of the API behind the socket; see `ErrorForm`.
package enum HTTPRefusal: Error, Hashable, Sendable {
    /// Not HTTP, or HTTP with two readings: two lengths, a length beside chunks, a body that breaks off.
    case malformedRequest
    /// HTTP/1.1 without `Host`, or with several.
    case missingHost
    /// The request line is longer than `UnixHTTPLimits.targetBytes`.
    case targetTooLong
    /// The header fields are larger than `UnixHTTPLimits.headerBytes`, or too many.
    case headersTooLarge
    /// The header, or the next part of the body, did not come within `UnixHTTPLimits.idleSeconds`.
    case requestTimedOut
    /// `Expect` asks for something else than `100-continue`.
    case expectationFailed
    /// Neither HTTP/1.1 nor HTTP/1.0.
    case versionNotSupported
    /// The user has as many connections as one may have.
    case tooManyConnections
    /// A defect of this program.
    case internalError
    /// No route has the path.
    case noSuchPath(String)
    /// Routes have the path, none of them with the method; `allowed` are theirs.
    case methodNotAllowed(HTTPRequest.Method, allowed: [HTTPRequest.Method])
    /// The route is served on another socket.
    case otherSocket(SocketKind)
    /// The peer has none of the roles that the route asks for.
    case missingRole(RouteAccess, userID: UInt32)
    /// The body is larger than the route takes, in bytes.
    case bodyTooLarge(limit: Int)
    /// The body is packed.
    case encodingNotSupported(String)

    /// HTTP status code.
    package var status: Int {
        switch self {
        case .malformedRequest, .missingHost: 400
        case .otherSocket, .missingRole: 403
        case .noSuchPath: 404
        case .methodNotAllowed: 405
        case .requestTimedOut: 408
        case .bodyTooLarge: 413
        case .targetTooLong: 414
        case .encodingNotSupported: 415
        case .expectationFailed: 417
        case .tooManyConnections: 429
        case .headersTooLarge: 431
        case .internalError: 500
        case .versionNotSupported: 505
        }
    }

    /// A sentence for a person, with the next step.
    package var message: String {
        switch self {
        case .malformedRequest:
            "the request, or its body, broke off or is not well-formed HTTP: see RFC 9112, and send it again"
        case .missingHost: "a request of HTTP/1.1 has exactly one 'Host' field: any value will do"
        case .targetTooLong: "the path and query are too long: send large values in the body"
        case .headersTooLarge: "the header fields are too large or too many: send fewer"
        case .requestTimedOut: "the request did not come within the time allowed: send it in one go"
        case .expectationFailed: "'Expect' knows 100-continue alone: leave the field out"
        case .versionNotSupported: "this server speaks HTTP/1.1 and HTTP/1.0: use one of them"
        case .tooManyConnections: "you have as many connections as one user may have: close some, or wait"
        case .internalError: "something went wrong here: the daemon's log has the details"
        case .noSuchPath(let path): "there is nothing at \(path.prefix(200)): see the documentation of the API"
        case .methodNotAllowed(let method, let allowed):
            "\(method) is not possible here: use \(Self.list(allowed))"
        case .otherSocket(let socket): "this is served on \(socket.rawValue) only: connect to that socket"
        case .missingRole(let access, let userID):
            "user \(userID) may not do this: an administrator can add them to the group \(access.group)"
        case .bodyTooLarge(let limit): "the request's body is larger than \(limit) bytes: send less"
        case .encodingNotSupported(let encoding):
            "a body with 'Content-Encoding: \(encoding.prefix(64))' is not understood: send it as it is"
        }
    }

    /// Header fields that belong to the answer, whatever the form of its body.
    package var headerFields: HTTPFields {
        switch self {
        case .methodNotAllowed(_, let allowed): [.allow: Self.list(allowed)]
        case .tooManyConnections: [.retryAfter: "1"]
        // The rest of the body is in the way of a further request.
        case .bodyTooLarge, .encodingNotSupported, .requestTimedOut: [.connection: "close"]
        default: [:]
        }
    }

    private static func list(_ methods: [HTTPRequest.Method]) -> String {
        methods.map(\.rawValue).sorted().joined(separator: ", ")
    }
}
