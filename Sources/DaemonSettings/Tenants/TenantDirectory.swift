// SPDX-License-Identifier: Apache-2.0
internal import Glibc
package import ServingModel

/// Says to which tenant a peer belongs. Names of users and groups are looked up once, when this is made.
package struct TenantDirectory: Hashable, Sendable {
    /// What a peer gets from its tenant.
    package struct Membership: Hashable, Sendable {
        /// Whom the bill goes to.
        package let tenant: TenantName
        /// What it may do beyond what the host's groups allow it.
        package let roles: Set<Principal.Role>
        /// Its part of the work beside others.
        package let weight: TenantWeight
        /// How urgent its requests are.
        package let serviceClass: ServiceClass
    }

    private var byUser: [UInt32: Membership] = [:]
    /// In the order of the file.
    private var groups: [GroupRule] = []
    /// Users and groups that this host does not know: nobody is in them.
    package private(set) var unknownNames: [String] = []

    private struct GroupRule: Hashable, Sendable {
        let id: UInt32
        let membership: Membership
    }

    /// Of a user or group that two tenants name, the first has it.
    package init(
        _ tenants: [Tenant], userID: (String) -> UInt32? = HostAccounts.userID(named:),
        groupID: (String) -> UInt32? = HostAccounts.groupID(named:)
    ) {
        for tenant in tenants {
            let membership = Membership(
                tenant: tenant.name, roles: tenant.roles, weight: tenant.weight, serviceClass: tenant.serviceClass)
            for id in ids(of: tenant.users, userID) where byUser[id] == nil { byUser[id] = membership }
            groups += ids(of: tenant.groups, groupID).map { GroupRule(id: $0, membership: membership) }
        }
    }

    /// The peer's tenant: the one that names its user, else the first that names one of its groups, else one of its own.
    package func membership(userID: UInt32, groupIDs: [UInt32]) -> Membership {
        byUser[userID] ?? groups.first { groupIDs.contains($0.id) }?.membership
            ?? Membership(tenant: TenantName(userID: userID), roles: [], weight: .one, serviceClass: .interactive)
    }

    private mutating func ids(of accounts: [Tenant.Account], _ lookUp: (String) -> UInt32?) -> [UInt32] {
        accounts.compactMap { account in
            switch account {
            case .id(let number): return number
            case .name(let name):
                let id = lookUp(name)
                if id == nil { unknownNames.append(name) }
                return id
            }
        }
    }
}

/// The users and groups of this host.
package enum HostAccounts {
    /// A line of the user or group file holds all members: 64 KiB is room for thousands.
    private static let lineBytes = 65_536

    /// The number of a user; nil where the host has none of that name.
    package static func userID(named name: String) -> UInt32? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: lineBytes)
        guard getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return entry.pw_uid
    }

    /// The number of a group; nil where the host has none of that name.
    package static func groupID(named name: String) -> UInt32? {
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        var buffer = [CChar](repeating: 0, count: lineBytes)
        guard getgrnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return entry.gr_gid
    }
}
