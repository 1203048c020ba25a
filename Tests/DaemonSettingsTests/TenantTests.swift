// SPDX-License-Identifier: Apache-2.0
import ServingModel
import Testing

@testable import DaemonSettings

@Suite("Tenants")
struct TenantTests {
    private static func named(_ text: String) -> TenantName { TenantName(text) ?? TenantName(userID: 0) }

    private func read(_ tenants: [(String, SettingInput)]) -> ResolvedSettings<SchedulerSettings> {
        let file = SettingLayer(
            file: "s.yaml", root: .group([("tenants", .group(tenants, firstLine: 2))]),
            settings: ConfiguredProgram.scheduler.settings)
        return ResolvedSettings(layers: [file])
    }

    private static func weight(_ value: Int) -> TenantWeight { TenantWeight(value) ?? .one }

    private static let three: [Tenant] = [
        Tenant(
            name: Self.named("a"), users: [.id(1000), .name("alice")], groups: [.name("lab")], roles: [.admin],
            weight: Self.weight(3)),
        Tenant(name: Self.named("b"), users: [.id(1000)], groups: [.id(50), .name("lab")]),
        Tenant(name: Self.named("c"), groups: [.name("gone")], serviceClass: .background),
    ]

    private static func directory() -> TenantDirectory {
        TenantDirectory(three, userID: { $0 == "alice" ? 7 : nil }, groupID: { $0 == "lab" ? 60 : nil })
    }

    @Test("All keys of a tenant are read")
    func whole() {
        let resolved = read([
            (
                "research",
                .group([
                    ("users", .list(["alice", "1001"])), ("groups", .scalar("lab")),
                    ("roles", .list(["client", "admin"])),
                    ("weight", .scalar("2")), ("class", .scalar("background")),
                ])
            ), ("Team.2", .group([])),
        ])
        #expect(resolved.problems.isEmpty, "\(resolved.problems)")
        #expect(
            resolved.settings.tenants == [
                Tenant(
                    name: Self.named("research"), users: [.name("alice"), .id(1001)], groups: [.name("lab")],
                    roles: [.client, .admin], weight: Self.weight(2), serviceClass: .background),
                Tenant(name: Self.named("Team.2")),
            ])
        #expect(
            resolved.listing.first { $0.facts.name == "tenants" }?.value.description
                == "{research: {users: [alice, 1001], groups: [lab], roles: [admin, client], weight: 2, class: background}, "
                + "Team.2: {weight: 1, class: interactive}}")
    }

    @Test("Everything that is wrong with tenants is reported, each with its line")
    func wrong() {
        let resolved = read([
            (
                "a",
                .group(
                    [("user", .list(["x"])), ("weight", .scalar("0")), ("roles", .list(["scheduler"], line: 12))],
                    firstLine: 10)
            ),
            ("uid:5", .group([])), ("c", .scalar("alice")),
            (
                "d",
                .group(
                    [
                        ("class", .scalar("fast")), ("users", .list(["99999999999"], line: 21)),
                        ("class", .scalar("batch")),
                    ], firstLine: 20)
            ),
            ("d", .group([])),
        ])
        #expect(
            resolved.problems.map(\.description) == [
                "s.yaml:12: tenants a roles has 'scheduler'; allowed: client, admin",
                "s.yaml:11: tenants a weight is '0'; allowed: 1 to 1000",
                "s.yaml:10: tenants a has no key 'user'; the nearest is 'users'",
                "s.yaml:3: tenants has a tenant 'uid:5'; a name is 1 to 64 of a-z A-Z 0-9 . _ -",
                "s.yaml:4: tenants c is 'alice'; allowed: users, groups, roles, weight, class",
                "s.yaml:21: tenants d users has '99999999999'; allowed: names and numbers of users",
                "s.yaml:20: tenants d class is 'fast'; allowed: interactive or batch or background",
                "s.yaml:22: tenants d has class twice: remove one",
                "s.yaml:6: tenants has the tenant 'd' twice",
            ])
        #expect(resolved.settings.tenants.isEmpty)
        #expect(read([]).problems.isEmpty)
    }

    @Test(
        "A peer belongs to the tenant of its user, else of its first listed group, else to its own",
        arguments: [
            (1000, [50], "a"), (7, [50], "a"), (8, [50, 60], "a"), (8, [50], "b"), (8, [], "uid:8"), (0, [0], "uid:0"),
        ] as [(UInt32, [UInt32], String)])
    func membership(user: UInt32, groups: [UInt32], tenant: String) {
        #expect(Self.directory().membership(userID: user, groupIDs: groups).tenant.text == tenant)
    }

    @Test("Members have the roles, weight and class of their tenant; names that the host does not know are told")
    func rights() {
        let directory = Self.directory()
        let member = directory.membership(userID: 7, groupIDs: [])
        #expect(member.roles == [.admin] && member.weight.value == 3 && member.serviceClass == .interactive)
        #expect(directory.unknownNames == ["gone"])
        #expect(
            TenantDirectory([Tenant(name: Self.named("r"), users: [.name("root")], groups: [.name("root")])])
                .unknownNames.isEmpty)
    }
}
