// SPDX-License-Identifier: Apache-2.0
internal import ServingModel

extension SettingForm where Value == [Tenant] {
    /// A group of tenants: `NAME: {users: [...], groups: [...], roles: [...], weight: N, class: WORD}`.
    package static var tenants: SettingForm {
        SettingForm(
            kind: "tenants", allowed: "tenants by their names", schema: TenantForm.schema,
            read: TenantForm.read, show: { .map($0.map { .init($0.name.text, TenantForm.show($0)) }) })
    }
}

/// How tenants are written in a file.
private enum TenantForm {
    private static let keys = ["users", "groups", "roles", "weight", "class"]
    /// Those that a tenant may give; the scheduler's own is for node daemons.
    private static let roles = [Principal.Role.client, .admin]
    private static let weight = SettingForm<Int>.count(TenantWeight.range)
    private static let serviceClass = SettingForm<ServiceClass>.choice

    static var schema: SettingSchema {
        let accounts = SettingSchema.list(.either([.integer(0...Int(UInt32.max)), .text(pattern: nil)]))
        return .map(
            .members([
                .init("users", accounts), .init("groups", accounts),
                .init("roles", .list(.choice(roles.map(\.rawValue)))), .init("weight", weight.schema),
                .init("class", serviceClass.schema),
            ]))
    }

    @Sendable static func read(_ input: SettingInput, _ faults: inout [SettingFault]) -> [Tenant]? {
        guard case .map(let members) = input.content else {
            faults.append(SettingFault(line: input.line, what: "is \(input.found); allowed: tenants by their names"))
            return nil
        }
        let before = faults.count
        var tenants: [Tenant] = []
        for member in members {
            if tenants.contains(where: { $0.name.text == member.key }) {
                faults.append(SettingFault(line: member.line, what: "has the tenant '\(member.key)' twice"))
            }
            if let tenant = tenant(member, &faults) { tenants.append(tenant) }
        }
        return faults.count == before ? tenants : nil
    }

    private static func tenant(_ member: SettingInput.Member, _ faults: inout [SettingFault]) -> Tenant? {
        // A colon is for `uid:N`, the tenant that a user is alone: nobody may claim it.
        guard let name = TenantName(member.key), !member.key.contains(":") else {
            let what = "has a tenant '\(member.key.prefix(80))'; a name is 1 to 64 of a-z A-Z 0-9 . _ -"
            faults.append(SettingFault(line: member.line, what: what))
            return nil
        }
        guard case .map(let fields) = member.value.content else {
            faults.append(
                SettingFault(
                    line: member.line,
                    what: "\(name) is \(member.value.found); allowed: \(keys.joined(separator: ", "))"))
            return nil
        }
        var reader = TenantFields(name: name.text, fields: fields)
        let tenant = Tenant(
            name: name, users: reader.list("users", Self.account), groups: reader.list("groups", Self.account),
            roles: Set(reader.list("roles", Self.role)),
            weight: reader.value("weight", weight).flatMap { TenantWeight($0) } ?? .one,
            serviceClass: reader.value("class", serviceClass) ?? .interactive)
        reader.refuseOthers(keys)
        faults += reader.faults
        return tenant
    }

    private static func account(_ text: String) -> Tenant.Account? {
        guard !text.isEmpty, text.utf8.count <= 256 else { return nil }
        if text.allSatisfy(\.isNumber) { return UInt32(text).map { .id($0) } }
        return .name(text)
    }

    private static func role(_ text: String) -> Principal.Role? {
        Principal.Role(rawValue: text).flatMap { roles.contains($0) ? $0 : nil }
    }

    static func show(_ tenant: Tenant) -> SettingValue {
        var members: [SettingValue.Member] = []
        for (key, accounts) in [("users", tenant.users), ("groups", tenant.groups)] where !accounts.isEmpty {
            members.append(.init(key, .list(accounts.map(show))))
        }
        if !tenant.roles.isEmpty {
            members.append(.init("roles", .list(tenant.roles.map(\.rawValue).sorted().map { .text($0) })))
        }
        return .map(
            members + [
                .init("weight", .number(tenant.weight.value)), .init("class", .text(tenant.serviceClass.rawValue)),
            ])
    }

    private static func show(_ account: Tenant.Account) -> SettingValue {
        switch account {
        case .id(let number): .number(Int(number))
        case .name(let text): .text(text)
        }
    }
}

/// Reads the keys of one tenant and gathers what is wrong with them.
private struct TenantFields {
    let name: String
    let fields: [SettingInput.Member]
    var faults: [SettingFault] = []

    /// The items that a key has; a single one needs no brackets.
    mutating func list<Item>(_ key: String, _ parse: (String) -> Item?) -> [Item] {
        guard let field = field(key) else { return [] }
        let items: [SettingInput]
        switch field.value.content {
        case .list(let inputs): items = inputs
        case .scalar: items = [field.value]
        case .map, .absent: items = [SettingInput(field.value.content, line: field.line)]
        }
        return items.compactMap { item in
            if case .scalar(let text) = item.content, let value = parse(text) { return value }
            let allowed = key == "roles" ? "client, admin" : "names and numbers of \(key)"
            report(item.line, "\(key) has \(item.found); allowed: \(allowed)")
            return nil
        }
    }

    /// The value that a key has; nil where it is missing or wrong.
    mutating func value<Value>(_ key: String, _ form: SettingForm<Value>) -> Value? {
        guard let field = field(key) else { return nil }
        var found: [SettingFault] = []
        let value = form.read(SettingInput(field.value.content, line: field.line), &found)
        for fault in found { report(fault.line, "\(key) \(fault.what)") }
        return value
    }

    /// Reports keys that no tenant has, and keys that stand here twice.
    mutating func refuseOthers(_ keys: [String]) {
        var seen: Set<String> = []
        for field in fields {
            if !keys.contains(field.key) {
                let nearest = NearestName.of(field.key, in: keys).map { "; the nearest is '\($0)'" } ?? ""
                report(field.line, "has no key '\(field.key.prefix(80))'\(nearest)")
            } else if !seen.insert(field.key).inserted {
                report(field.line, "has \(field.key) twice: remove one")
            }
        }
    }

    private func field(_ key: String) -> SettingInput.Member? { fields.first { $0.key == key } }

    private mutating func report(_ line: Int, _ what: String) {
        faults.append(SettingFault(line: line, what: "\(name) \(what)"))
    }
}
