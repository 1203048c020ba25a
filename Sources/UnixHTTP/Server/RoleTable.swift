// SPDX-License-Identifier: Apache-2.0
internal import Glibc
package import LinuxKernel
package import ServingModel

/// Which users and groups may do what: turns the kernel's word on a peer into an `Principal`.
///
/// root and the daemon's own user may do everything; everyone else has the roles of the groups that they are in.
package struct RoleTable: Hashable, Sendable {
    private let trustedUserIDs: Set<UInt32>
    private let rolesOfGroup: [UInt32: Set<Principal.Role>]

    /// A table as given; `rolesOfGroup` is keyed by group id.
    package init(trustedUserIDs: Set<UInt32>, rolesOfGroup: [UInt32: Set<Principal.Role>]) {
        self.trustedUserIDs = trustedUserIDs
        self.rolesOfGroup = rolesOfGroup
    }

    /// The table of this host: the groups `deepflow`, `deepflow-admin` and `deepflow-nodes`, as far as they exist.
    package static func ofHost() -> RoleTable {
        let named: [(String, Set<Principal.Role>)] = [
            ("deepflow", [.client]), ("deepflow-admin", [.client, .admin]), ("deepflow-nodes", [.scheduler]),
        ]
        var rolesOfGroup: [UInt32: Set<Principal.Role>] = [:]
        for (name, roles) in named {
            guard let group = groupID(named: name) else { continue }
            rolesOfGroup[group, default: []].formUnion(roles)
        }
        return RoleTable(trustedUserIDs: [0, geteuid()], rolesOfGroup: rolesOfGroup)
    }

    /// What the peer may do; the set of roles is empty for a stranger.
    package func principal(for peer: PeerIdentity) -> Principal {
        var groups = peer.supplementaryGroupIDs
        if !groups.contains(peer.groupID) { groups.insert(peer.groupID, at: 0) }
        let roles: Set<Principal.Role> =
            trustedUserIDs.contains(peer.userID)
            ? Set(Principal.Role.allCases)
            : groups.reduce(into: []) { $0.formUnion(rolesOfGroup[$1] ?? []) }
        return Principal(userID: peer.userID, groupIDs: groups, processID: peer.processID, roles: roles)
    }

    private static func groupID(named name: String) -> UInt32? {
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        // A group's line holds its members: 64 KiB is room for thousands.
        var buffer = [CChar](repeating: 0, count: 65_536)
        guard getgrnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return entry.gr_gid
    }
}
