// SPDX-License-Identifier: Apache-2.0
import DaemonSettings
import Glibc
import LinuxKernel
import ServingModel
import Testing
import UnixHTTP

@Suite struct RoleTableTests {
    /// This process, as the other end of a socket sees it.
    private func ownIdentity() throws -> PeerIdentity {
        var ends: [CInt] = [-1, -1]
        try systemCall("socketpair") { socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) }
        defer { for end in ends { close(end) } }
        return try PeerIdentity(of: ends[0])
    }

    @Test("the daemon's own user has every role")
    func ownUser() throws {
        let identity = try ownIdentity()
        #expect(identity.userID == geteuid())
        let principal = RoleTable.ofHost().principal(for: identity)
        #expect(principal.roles == Set(Principal.Role.allCases))
        #expect(principal.groupIDs.contains(getegid()))
        #expect(principal.processID == getpid())
    }

    @Test("a user whom no table names has no role at all")
    func stranger() throws {
        let identity = try ownIdentity()
        let strict = RoleTable(trustedUserIDs: [], rolesOfGroup: [0xFFFF_0001: Set([Principal.Role.admin])])
        #expect(strict.principal(for: identity).roles.isEmpty)
    }

    @Test("the configuration's tenant of a peer names it, and adds its roles; another peer is a tenant alone")
    func tenants() throws {
        let identity = try ownIdentity()
        let name = try #require(TenantName("lab"))
        func principal(_ tenant: Tenant) -> Principal {
            RoleTable(trustedUserIDs: [], rolesOfGroup: [:], tenants: TenantDirectory([tenant]))
                .principal(for: identity)
        }
        let member = principal(Tenant(name: name, users: [.id(identity.userID)], roles: [.client]))
        #expect(member.tenant == name && member.roles == [.client])
        let weight = try #require(TenantWeight(5))
        let heavy = principal(
            Tenant(name: name, users: [.id(identity.userID)], weight: weight, serviceClass: .batch))
        #expect(heavy.weight == weight && heavy.serviceClass == .batch)
        let inGroup = principal(Tenant(name: name, groups: [.id(identity.groupID)], roles: [.admin]))
        #expect(inGroup.tenant == name && inGroup.roles == [.admin])
        let other = principal(Tenant(name: name, users: [.id(0xFFFF_0001)], roles: [.admin]))
        #expect(other.tenant.text == "uid:\(identity.userID)" && other.roles.isEmpty)
    }

    @Test("a peer's own group gives its roles, and only those")
    func primaryGroup() throws {
        let identity = try ownIdentity()
        let table = RoleTable(trustedUserIDs: [], rolesOfGroup: [identity.groupID: Set([Principal.Role.scheduler])])
        #expect(table.principal(for: identity).roles == Set([Principal.Role.scheduler]))
    }
}
