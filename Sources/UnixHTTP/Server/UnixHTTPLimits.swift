// SPDX-License-Identifier: Apache-2.0
package import DaemonSettings

/// Bounds on what the peers of one listening socket can make a server hold. Bodies are bounded by their routes.
package struct UnixHTTPLimits: Hashable, Sendable {
    /// Connections at once; more wait in the kernel's backlog.
    package var connections: Int
    /// Connections of one user at once, so that nobody can take all of them; one more is told so and closed.
    package var connectionsPerUser: Int
    /// Connections at once of all peers together that have no role here: they are told so, and must not keep out those
    /// who have one.
    package var connectionsOfStrangers: Int
    /// Connections at once of those who are told that they have too many; one more is closed without a word.
    package var refusedConnections: Int
    /// Path and query of a request, in bytes.
    package var targetBytes: Int
    /// All header fields of a request together, in bytes.
    package var headerBytes: Int
    /// Header fields of a request.
    package var headerFields: Int
    /// What is read and thrown away of a request that is answered before its end, in bytes.
    package var drainBytes: Int
    /// How long a peer may take to send a request's header, pause within its body, or keep an idle connection.
    package var idleSeconds: Int
    /// How long running answers may go on after a shutdown was ordered, before their connections are closed.
    package var drainSeconds: Int

    package init(
        connections: Int = 1024, connectionsPerUser: Int = 512, connectionsOfStrangers: Int = 64,
        refusedConnections: Int = 64, targetBytes: Int = 8 << 10, headerBytes: Int = 32 << 10, headerFields: Int = 100,
        drainBytes: Int = 32 << 20, idleSeconds: Int = 60, drainSeconds: Int = 10
    ) {
        self.connections = connections
        self.connectionsPerUser = connectionsPerUser
        self.connectionsOfStrangers = connectionsOfStrangers
        self.refusedConnections = refusedConnections
        self.targetBytes = targetBytes
        self.headerBytes = headerBytes
        self.headerFields = headerFields
        self.drainBytes = drainBytes
        self.idleSeconds = idleSeconds
        self.drainSeconds = drainSeconds
    }
}

extension UnixHTTPLimits {
    /// The limits that an administrator chose.
    package init(_ settings: HTTPSettings, drainSeconds: Int = 10) {
        self.init(
            connections: settings.connections, connectionsPerUser: settings.connectionsPerUser,
            connectionsOfStrangers: settings.connectionsOfStrangers, headerBytes: settings.headerBytes,
            idleSeconds: settings.idleSeconds, drainSeconds: drainSeconds)
    }
}
