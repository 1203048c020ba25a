// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// A tenant's turn among those that have equally much: the one whose turn is lowest is next. A turn is as many services as
/// the tenant's weight, so that weights count also where there is only one place.
package struct ServiceTurn: Hashable, Sendable {
    /// Grows from turn to turn over all tenants.
    package let number: UInt64
    private var services = 0

    /// A turn that has not begun.
    package init(_ number: UInt64 = 0) {
        self.number = number
    }

    /// The tenant was served. At the end of its turn it comes behind all others, whose turns are below `next`.
    package mutating func serve(_ weight: TenantWeight, next: UInt64) {
        services += 1
        if services >= weight.value { self = ServiceTurn(next) }
    }
}
