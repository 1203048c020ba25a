// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// Which socket a request came through.
package enum SocketKind: String, Hashable, Sendable, CaseIterable {
    case api = "api.sock"
    case admin = "admin.sock"
    /// A node's own.
    case node = "the node's socket"
}

/// Who may use a route, of gateway and node alike. There is no class for everybody: a route without rights cannot be
/// written down.
package enum RouteAccess: Hashable, Sendable, CaseIterable {
    /// Inference and reading: clients, on the scheduler's two sockets.
    case client
    /// Changes for everybody: administrators, on `admin.sock` alone.
    case administrator
    /// A node's work: its scheduler alone.
    case scheduler
    /// A node's listings and its store: its scheduler and administrators.
    case nodeOperator

    /// A peer needs one of these.
    package var roles: Set<Principal.Role> {
        switch self {
        case .client: [.client]
        case .administrator: [.admin]
        case .scheduler: [.scheduler]
        case .nodeOperator: [.scheduler, .admin]
        }
    }

    /// The only socket that serves it; nil where every socket that has the route does.
    package var socket: SocketKind? {
        self == .administrator ? .admin : nil
    }

    /// The group whose members have the role.
    var group: String {
        switch self {
        case .client: "deepflow"
        case .administrator, .nodeOperator: "deepflow-admin"
        case .scheduler: "deepflow-nodes"
        }
    }

    /// Fails with a `HTTPRefusal` where `principal` may not use the route on `socket`.
    func check(_ principal: Principal, on socket: SocketKind) throws(HTTPRefusal) {
        if let only = self.socket, only != socket { throw .otherSocket(only) }
        guard !roles.isDisjoint(with: principal.roles) else { throw .missingRole(self, userID: principal.userID) }
    }
}
