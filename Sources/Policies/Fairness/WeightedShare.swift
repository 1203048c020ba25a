// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// What a tenant has of something that is shared, seen by its weight: three places of a tenant of weight 3 are as much as
/// one place of a tenant of weight 1. Whoever has less comes first.
package struct WeightedShare: Comparable, Sendable {
    /// How many the tenant has.
    package let count: Int
    /// The tenant's.
    package let weight: TenantWeight

    package init(_ count: Int, _ weight: TenantWeight) {
        self.count = count
        self.weight = weight
    }

    /// As much, each for its weight.
    package static func == (left: WeightedShare, right: WeightedShare) -> Bool {
        left.count * right.weight.value == right.count * left.weight.value
    }

    /// Less, each for its weight.
    package static func < (left: WeightedShare, right: WeightedShare) -> Bool {
        left.count * right.weight.value < right.count * left.weight.value
    }
}
