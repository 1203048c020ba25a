// SPDX-License-Identifier: Apache-2.0
package import DaemonSettings
internal import Glibc
package import LinuxKernel
package import ServingModel

/// Which users and groups may do what: turns the kernel's word on a peer into a `Principal`.
///
/// root and the daemon's own user may do everything; everyone else has the roles of the groups and of the tenant that
/// they are in.
package struct RoleTable: Hashable, Sendable {
    private let trustedUserIDs: Set<UInt32>
    private let rolesOfGroup: [UInt32: Set<Principal.Role>]
    private let tenants: TenantDirectory

    /// A table as given; `rolesOfGroup` is keyed by group id.
    package init(
        trustedUserIDs: Set<UInt32>, rolesOfGroup: [UInt32: Set<Principal.Role>],
        tenants: TenantDirectory = TenantDirectory([])
    ) {
        self.trustedUserIDs = trustedUserIDs
        self.rolesOfGroup = rolesOfGroup
        self.tenants = tenants
    }

    /// The same table for other tenants.
    package func serving(_ tenants: TenantDirectory) -> RoleTable {
        RoleTable(trustedUserIDs: trustedUserIDs, rolesOfGroup: rolesOfGroup, tenants: tenants)
    }

    /// The table of this host: the groups `deepflow`, `deepflow-admin` and `deepflow-nodes`, as far as they exist.
    package static func ofHost() -> RoleTable {
        let named: [(String, Set<Principal.Role>)] = [
            ("deepflow", [.client]), ("deepflow-admin", [.client, .admin]), ("deepflow-nodes", [.scheduler]),
        ]
        var rolesOfGroup: [UInt32: Set<Principal.Role>] = [:]
        for (name, roles) in named {
            guard let group = HostAccounts.groupID(named: name) else { continue }
            rolesOfGroup[group, default: []].formUnion(roles)
        }
        return RoleTable(trustedUserIDs: [0, geteuid()], rolesOfGroup: rolesOfGroup)
    }

    /// What the peer may do; the set of roles is empty for a stranger.
    package func principal(for peer: PeerIdentity) -> Principal {
        var groups = peer.supplementaryGroupIDs
        if !groups.contains(peer.groupID) { groups.insert(peer.groupID, at: 0) }
        let membership = tenants.membership(userID: peer.userID, groupIDs: groups)
        let roles: Set<Principal.Role> =
            trustedUserIDs.contains(peer.userID)
            ? Set(Principal.Role.allCases)
            : groups.reduce(into: membership.roles) { $0.formUnion(rolesOfGroup[$1] ?? []) }
        return Principal(
            userID: peer.userID, groupIDs: groups, processID: peer.processID, roles: roles, tenant: membership.tenant,
            weight: membership.weight, serviceClass: membership.serviceClass)
    }
}
