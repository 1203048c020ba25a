// SPDX-License-Identifier: Apache-2.0
package import ClusterScheduler
package import UnixHTTP

/// Everything that the gateway serves.
package enum GatewayRoutes {
    /// The whole table; both sockets have it, and the access class says what answers where.
    package static func all(_ core: SchedulerCore) -> [HTTPRoute] {
        GenerationRoutes(core: core).routes + EmbeddingRoutes(core: core).routes + TokenRoutes(core: core).routes
            + ListingRoutes(core: core).routes + JobRoutes(core: core).routes + ModelRoutes(core: core).routes
    }
}
