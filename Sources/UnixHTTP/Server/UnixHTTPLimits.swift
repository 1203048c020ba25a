// SPDX-License-Identifier: Apache-2.0
package import DaemonSettings

/// Bounds on what the peers of one listening socket can make a server hold: those that an administrator chose, under
/// their own names, and those that nobody has a reason to choose. Bodies are bounded by their routes.
@dynamicMemberLookup
package struct UnixHTTPLimits: Hashable, Sendable {
    /// What an administrator decided.
    package var settings: HTTPSettings
    /// How long running answers may go on after a shutdown was ordered, before their connections are closed.
    package var drainSeconds: Int
    /// Connections at once of those who are told that they have too many; one more is closed without a word.
    package var refusedConnections = 64
    /// Path and query of a request, in bytes: many times what any route has.
    package let targetBytes = 8 << 10
    /// What is read and thrown away of a request that is answered before its end, in bytes, so that the peer reads the
    /// answer. It costs no memory, and `idleSeconds` bounds its time.
    package let drainBytes = 32 << 20

    /// The limits that an administrator chose.
    package init(_ settings: HTTPSettings = HTTPSettings(), drainSeconds: Int = 10) {
        self.settings = settings
        self.drainSeconds = drainSeconds
    }

    /// A setting under its own name.
    package subscript<Value>(dynamicMember setting: WritableKeyPath<HTTPSettings, Value>) -> Value {
        get { settings[keyPath: setting] }
        set { settings[keyPath: setting] = newValue }
    }
}
