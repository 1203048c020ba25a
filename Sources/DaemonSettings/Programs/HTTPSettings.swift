// SPDX-License-Identifier: Apache-2.0

/// What the peers of one listening socket can make a server hold.
package struct HTTPSettings: Hashable, Sendable {
    /// Connections at once; more wait in the kernel's backlog.
    package var connections = 1024
    /// Connections of one user at once.
    package var connectionsPerUser = 512
    /// Connections at once of all peers together that have no role here.
    package var connectionsOfStrangers = 64
    /// All header fields of a request together, in bytes.
    package var headerBytes = 32 << 10
    /// Header fields of a request.
    package var headerFields = 100
    /// Seconds that a peer may take for a request's header, pause within its body, or keep an idle connection.
    package var idleSeconds = 60

    package init() {}

    static let settings: [Setting<HTTPSettings>] = [
        Setting(
            "http.connections", \.connections, .count(16...65_536),
            "Connections at once on each socket; more wait in the kernel's queue."),
        Setting(
            "http.connections_per_user", \.connectionsPerUser, .count(1...65_536),
            "Connections of one user at once on each socket.", isReloadable: true),
        Setting(
            "http.connections_of_strangers", \.connectionsOfStrangers, .count(1...65_536),
            "Connections at once of all users together who may do nothing here: they are told so.",
            isReloadable: true),
        Setting(
            "http.header_size", \.headerBytes, .size(4096...1 << 20),
            "All header fields of one request together.", isReloadable: true),
        Setting(
            "http.header_fields", \.headerFields, .count(16...10_000),
            "Header fields of one request, with those that a proxy adds.", isReloadable: true),
        Setting(
            "http.idle_timeout", \.idleSeconds, .seconds(1...86_400),
            "How long a peer may take for a header, pause within a body, or keep an idle connection.",
            isReloadable: true),
    ]
}
