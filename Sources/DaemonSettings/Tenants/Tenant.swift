// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// A party that shares the machine with others: whose requests share one queue, one part of the work, one bill.
package struct Tenant: Hashable, Sendable {
    /// A user or group of the host.
    package enum Account: Hashable, Sendable {
        case id(UInt32)
        case name(String)
    }

    /// As queues, metrics and logs call it.
    package let name: TenantName
    /// Users who belong to it.
    package let users: [Account]
    /// Groups whose members belong to it, where no tenant names their user.
    package let groups: [Account]
    /// What its members may do beyond what the host's groups allow them.
    package let roles: Set<Principal.Role>
    /// Its part of the work beside others: twice the weight gets twice as much.
    package let weight: TenantWeight
    /// How urgent its requests are.
    package let serviceClass: ServiceClass

    package init(
        name: TenantName, users: [Account] = [], groups: [Account] = [], roles: Set<Principal.Role> = [],
        weight: TenantWeight = .one, serviceClass: ServiceClass = .interactive
    ) {
        self.name = name
        self.users = users
        self.groups = groups
        self.roles = roles
        self.weight = weight
        self.serviceClass = serviceClass
    }
}
