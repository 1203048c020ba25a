// SPDX-License-Identifier: Apache-2.0
package import Hummingbird
package import ServingModel

/// Which of the two sockets a request came through.
package enum GatewayListener: Hashable, Sendable, CaseIterable {
    case api, admin
}

/// Who may use a route. There is no class for everybody: a route without rights cannot be written down.
package enum AccessClass: Hashable, Sendable, CaseIterable {
    /// Inference and reading: the role `client`, on either socket.
    case client
    /// Changes for everybody: the role `admin`, on `admin.sock` alone.
    case admin

    /// The role that a peer must have.
    var role: Principal.Role {
        switch self {
        case .client: .client
        case .admin: .admin
        }
    }
}

/// What a request's path must be.
package enum PathPattern: Hashable, Sendable {
    /// This path.
    case exactly(String)
    /// This path, a `/`, and something more, which the handler gets.
    case below(String)

    /// What lies below the pattern (empty for `exactly`); nil where `path` does not match.
    func match(_ path: String) -> String? {
        switch self {
        case .exactly(let own): return path == own ? "" : nil
        case .below(let own):
            guard path.hasPrefix(own), path.utf8.count > own.utf8.count + 1,
                path.utf8[path.utf8.index(path.utf8.startIndex, offsetBy: own.utf8.count)] == UInt8(ascii: "/")
            else { return nil }
            return String(path.utf8.dropFirst(own.utf8.count + 1))
        }
    }
}

/// One row of the gateway's table.
package struct GatewayRoute: Sendable {
    /// Does the work; throws `APIError`, or `JobRefusal` where a job was made.
    package typealias Handler = @Sendable (GatewayExchange) async throws -> Response

    package let method: HTTPRequest.Method
    package let pattern: PathPattern
    package let access: AccessClass
    package let handler: Handler

    package init(
        _ method: HTTPRequest.Method, _ pattern: PathPattern, access: AccessClass, handler: @escaping Handler
    ) {
        self.method = method
        self.pattern = pattern
        self.access = access
        self.handler = handler
    }
}

/// A request on its way through a route.
package struct GatewayExchange: Sendable {
    package let request: Request
    package let principal: Principal
    /// By which records know it.
    package let requestID: ServingModel.RequestID
    package let listener: GatewayListener
    /// What followed the route's path, percent-decoded; empty for exact paths.
    package let below: String

    /// Whether the peer may see and change what belongs to others.
    var isAdministrator: Bool { listener == .admin && principal.roles.contains(.admin) }

    /// A parameter of the query, percent-decoded; nil where absent.
    func query(_ name: String) -> String? {
        request.uri.queryParameters[name[...]].map(String.init)
    }
}
