// SPDX-License-Identifier: Apache-2.0
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

    @Test("a peer's own group gives its roles, and only those")
    func primaryGroup() throws {
        let identity = try ownIdentity()
        let table = RoleTable(trustedUserIDs: [], rolesOfGroup: [identity.groupID: Set([Principal.Role.scheduler])])
        #expect(table.principal(for: identity).roles == Set([Principal.Role.scheduler]))
    }
}
