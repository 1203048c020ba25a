// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials

extension ConfiguredProgram {
    /// The JSON schema of its files, for editors: keys in alphabetical order, with a final newline.
    package var schemaText: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // Values of declarations only: there is nothing in them that JSON cannot hold.
        guard let bytes = try? encoder.encode(SchemaDocument(title: "\(rawValue).yaml of DeepFlow", root: schema))
        else {
            preconditionFailure("a schema of declarations can be encoded")
        }
        return String(decoding: bytes, as: UTF8.self) + "\n"
    }

    /// The form of a whole file.
    var schema: SettingSchema { group("", settings[...], defaults) }

    private func group(
        _ prefix: String, _ settings: ArraySlice<SettingFacts>, _ defaults: [String: SettingValue]
    ) -> SettingSchema {
        var members: [SettingSchema.Member] = []
        for facts in settings {
            let rest = facts.name.dropFirst(prefix.count)
            guard let dot = rest.firstIndex(of: ".") else {
                let value = defaults[facts.name] ?? .derived("")
                members.append(.init(String(rest), .described(facts.schema, facts.help, value)))
                continue
            }
            let key = String(rest[..<dot])
            guard !members.contains(where: { $0.key == key }) else { continue }
            let inner = "\(prefix)\(key)."
            members.append(.init(key, group(inner, settings.filter { $0.name.hasPrefix(inner) }[...], defaults)))
        }
        return .members(members)
    }
}

/// A schema with what only the whole document has.
private struct SchemaDocument: Encodable {
    let title: String
    let root: SettingSchema

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: MemberKey.self)
        try container.encode("https://json-schema.org/draft/2020-12/schema", forKey: MemberKey("$schema"))
        try container.encode(title, forKey: MemberKey("title"))
        try root.encode(to: encoder)
    }
}
