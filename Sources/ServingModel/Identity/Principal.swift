// SPDX-License-Identifier: Apache-2.0

/// Who is at the other end of a connection, from the kernel, read once at accept and passed down from there.
package struct Principal: Hashable, Sendable {
    /// What a peer may do.
    package enum Role: String, Hashable, Sendable, CaseIterable {
        /// Inference and read-only verbs.
        case client
        /// Changes of models, instances and nodes.
        case admin
        /// The node API.
        case scheduler
    }

    package let userID: UInt32
    package let groupIDs: [UInt32]
    /// 0 where the peer lives in another pid namespace.
    package let processID: Int32
    package let roles: Set<Role>
    /// Whom the bill goes to: the tenant that the configuration has for the user or a group, else the user alone.
    package let tenant: TenantName
    /// The tenant's part of what is shared with others.
    package let weight: TenantWeight
    /// How urgent the tenant's requests are.
    package let serviceClass: ServiceClass

    package init(
        userID: UInt32, groupIDs: [UInt32], processID: Int32, roles: Set<Role>, tenant: TenantName? = nil,
        weight: TenantWeight = .one, serviceClass: ServiceClass = .interactive
    ) {
        self.userID = userID
        self.groupIDs = groupIDs
        self.processID = processID
        self.roles = roles
        self.tenant = tenant ?? TenantName(userID: userID)
        self.weight = weight
        self.serviceClass = serviceClass
    }
}
