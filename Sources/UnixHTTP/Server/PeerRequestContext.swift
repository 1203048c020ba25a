// SPDX-License-Identifier: Apache-2.0
package import Hummingbird
package import Logging
package import ServingModel

/// What a request's context is made of: the connection's peer and a logger.
package struct PeerRequestContextSource: RequestContextSource {
    /// Who is at the other end, read once when the connection was accepted.
    package let principal: Principal
    /// By which the request is found again.
    package let identity: RequestIdentity
    package let logger: Logger

    package init(principal: Principal, identity: RequestIdentity = RequestIdentity(), logger: Logger) {
        self.principal = principal
        self.identity = identity
        self.logger = logger
    }
}

/// The context of a request that came over a Unix socket.
package struct PeerRequestContext: RequestContext {
    package typealias Source = PeerRequestContextSource

    package var coreContext: CoreRequestContextStorage
    /// Who asks. Every route checks its roles.
    package let principal: Principal
    /// By which the request is found again.
    package let identity: RequestIdentity

    package init(source: PeerRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        principal = source.principal
        identity = source.identity
    }
}
