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
        let actor = RoleTable.ofHost().actor(for: identity)
        #expect(actor.roles == Set(Actor.Role.allCases))
        #expect(actor.groupIDs.contains(getegid()))
        #expect(actor.processID == getpid())
    }

    @Test("a user whom no table names has no role at all")
    func stranger() throws {
        let identity = try ownIdentity()
        let strict = RoleTable(trustedUserIDs: [], rolesOfGroup: [0xFFFF_0001: Set([Actor.Role.admin])])
        #expect(strict.actor(for: identity).roles.isEmpty)
    }

    @Test("a peer's own group gives its roles, and only those")
    func primaryGroup() throws {
        let identity = try ownIdentity()
        let table = RoleTable(trustedUserIDs: [], rolesOfGroup: [identity.groupID: Set([Actor.Role.scheduler])])
        #expect(table.actor(for: identity).roles == Set([Actor.Role.scheduler]))
    }
}
