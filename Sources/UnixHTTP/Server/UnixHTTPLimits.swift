// SPDX-License-Identifier: Apache-2.0

/// Bounds on what the peers of one listening socket can make a server hold. Bodies are bounded by their routes.
package struct UnixHTTPLimits: Hashable, Sendable {
    /// Connections at once; more wait in the kernel's backlog.
    package var connections: Int
    /// Connections of one user at once, so that nobody can take all of them; one more is closed.
    package var connectionsPerUser: Int
    /// Connections at once of all peers together that have no role here: they are told so, and must not keep out those
    /// who have one.
    package var connectionsOfStrangers: Int
    /// All header fields of a request together, in bytes.
    package var headerBytes: Int
    /// How long a peer may take to send a request's header, pause within its body, or keep an idle connection.
    package var idleSeconds: Int
    /// How long running answers may go on after a shutdown was ordered, before their connections are closed.
    package var drainSeconds: Int

    package init(
        connections: Int = 1024, connectionsPerUser: Int = 512, connectionsOfStrangers: Int = 64,
        headerBytes: Int = 32 << 10, idleSeconds: Int = 60, drainSeconds: Int = 10
    ) {
        self.connections = connections
        self.connectionsPerUser = connectionsPerUser
        self.connectionsOfStrangers = connectionsOfStrangers
        self.headerBytes = headerBytes
        self.idleSeconds = idleSeconds
        self.drainSeconds = drainSeconds
    }
}
