// SPDX-License-Identifier: Apache-2.0

/// What a name stands for: the content that answers, an adapter over it, and how its makers want tokens chosen.
///
/// Several names may stand for the same content: they share its template and, within a trust domain, its instances.
package struct ServedModel: Hashable, Sendable, Codable {
    package var name: ModelName
    /// Digest of the artefact.
    package var content: String
    /// Weights over the content's own; nil for none.
    package var adapter: AdapterID?
    /// Where a client says nothing.
    package var defaults: SamplingDefaults?

    package init(name: ModelName, content: String, adapter: AdapterID? = nil, defaults: SamplingDefaults? = nil) {
        self.name = name
        self.content = content
        self.adapter = adapter
        self.defaults = defaults
    }
}

/// Whose requests an instance may see. It serves one trust domain for all its life.
package enum TrustDomain: Hashable, Sendable, Codable {
    /// All tenants of the node.
    case shared
    /// One tenant alone.
    case tenant(TenantName)
}

/// What an instance serves.
package enum InstanceRole: String, Hashable, Sendable, Codable, CaseIterable {
    /// Reads prompts and hands over after the first token.
    case prefill
    /// Goes on from what a prefill instance has read.
    case decode
    /// Both.
    case colocated
}

/// Instances that can stand in for each other: they map the same content, for the same people, in the same role.
package struct PoolKey: Hashable, Sendable, Codable {
    /// Digest of the artefact.
    package var content: String
    package var domain: TrustDomain
    package var role: InstanceRole

    package init(content: String, domain: TrustDomain = .shared, role: InstanceRole = .colocated) {
        self.content = content
        self.domain = domain
        self.role = role
    }
}
