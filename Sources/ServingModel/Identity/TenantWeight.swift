// SPDX-License-Identifier: Apache-2.0

/// A tenant's part of what is shared, beside others: twice the weight gets twice as much, as long as both want it.
package struct TenantWeight: Hashable, Sendable {
    /// What a weight can be.
    package static let range = 1...1000
    /// The weight of a tenant that nobody gave another one.
    package static let one = TenantWeight(unchecked: 1)

    /// Of `range`.
    package let value: Int

    /// nil for a number out of `range`.
    package init?(_ value: Int) {
        guard Self.range.contains(value) else { return nil }
        self.value = value
    }

    private init(unchecked value: Int) {
        self.value = value
    }
}

extension TenantWeight: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let weight = TenantWeight(try container.decode(Int.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "a tenant's weight is 1 to 1000")
        }
        self = weight
    }

    /// As one number.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}
