// SPDX-License-Identifier: Apache-2.0

/// Why a request, or a whole connection, ends before any route sees it: what is wrong with it as HTTP.
///
/// The body of the answer has the form of the API behind the socket; see `RefusalForm`. The connection is closed behind
/// every refusal, since nobody knows where the next request would begin.
package enum HTTPRefusal: String, Error, Hashable, Sendable, CaseIterable {
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

    /// HTTP status code.
    package var status: Int {
        switch self {
        case .malformedRequest, .missingHost: 400
        case .requestTimedOut: 408
        case .targetTooLong: 414
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
        case .malformedRequest: "the request is not well-formed HTTP/1.1: see RFC 9112, and send it again"
        case .missingHost: "a request of HTTP/1.1 has exactly one 'Host' field: any value will do"
        case .targetTooLong: "the path and query are too long: send large values in the body"
        case .headersTooLarge: "the header fields are too large or too many: send fewer"
        case .requestTimedOut: "the request did not come within the time allowed: send it in one go"
        case .expectationFailed: "'Expect' knows 100-continue alone: leave the field out"
        case .versionNotSupported: "this server speaks HTTP/1.1 and HTTP/1.0: use one of them"
        case .tooManyConnections: "you have as many connections as one user may have: close some, or wait"
        case .internalError: "something went wrong here: the daemon's log has the details"
        }
    }

    /// Seconds after which it makes sense to ask again; nil where it never does.
    package var retryAfterSeconds: Int? {
        self == .tooManyConnections ? 1 : nil
    }
}

/// The body of the answer to a refusal: JSON in the form of the API behind the socket.
package typealias RefusalForm = @Sendable (HTTPRefusal) -> [UInt8]
