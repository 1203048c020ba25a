// SPDX-License-Identifier: Apache-2.0

/// The part of JSON Schema (2020-12) that describes settings.
package indirect enum SettingSchema: Hashable, Sendable {
    case integer(ClosedRange<Int>)
    case boolean
    case choice([String])
    case text(pattern: String?)
    case list(SettingSchema)
    /// Any keys, with values of one form.
    case map(SettingSchema)
    /// These keys and no others; each may be missing.
    case members([Member])
    case either([SettingSchema])
    /// A form with a sentence that an editor shows, and a default.
    case described(SettingSchema, String, SettingValue)

    /// One key of an object.
    package struct Member: Hashable, Sendable {
        let key: String
        let schema: SettingSchema

        init(_ key: String, _ schema: SettingSchema) {
            self.key = key
            self.schema = schema
        }
    }
}

extension SettingSchema: Encodable {
    /// Writes one schema object.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: MemberKey.self)
        try encode(into: &container)
    }

    private func encode(into container: inout KeyedEncodingContainer<MemberKey>) throws {
        switch self {
        case .integer(let range):
            try container.encode("integer", forKey: MemberKey("type"))
            try container.encode(range.lowerBound, forKey: MemberKey("minimum"))
            try container.encode(range.upperBound, forKey: MemberKey("maximum"))
        case .boolean: try container.encode("boolean", forKey: MemberKey("type"))
        case .choice(let words): try container.encode(words, forKey: MemberKey("enum"))
        case .text(let pattern): try encodeText(pattern, into: &container)
        case .list(let item):
            try container.encode("array", forKey: MemberKey("type"))
            try container.encode(item, forKey: MemberKey("items"))
        case .map(let value):
            try container.encode("object", forKey: MemberKey("type"))
            try container.encode(value, forKey: MemberKey("additionalProperties"))
        case .members(let members): try encodeMembers(members, into: &container)
        case .either(let schemas): try container.encode(schemas, forKey: MemberKey("anyOf"))
        case .described(let schema, let sentence, let value):
            try schema.encode(into: &container)
            try container.encode(sentence, forKey: MemberKey("description"))
            // A default that the machine decides is no value that one could write.
            if case .derived = value { return }
            try container.encode(value, forKey: MemberKey("default"))
        }
    }

    /// Quantities may be a bare 0, which YAML reads as a number.
    private func encodeText(_ pattern: String?, into container: inout KeyedEncodingContainer<MemberKey>) throws {
        if let pattern, pattern.hasPrefix(QuantityUnits.patternStart) {
            try container.encode(["string", "integer"], forKey: MemberKey("type"))
            try container.encode(0, forKey: MemberKey("maximum"))
        } else {
            try container.encode("string", forKey: MemberKey("type"))
        }
        try container.encodeIfPresent(pattern, forKey: MemberKey("pattern"))
    }

    private func encodeMembers(
        _ members: [Member], into container: inout KeyedEncodingContainer<MemberKey>
    ) throws {
        try container.encode(["object", "null"], forKey: MemberKey("type"))
        try container.encode(false, forKey: MemberKey("additionalProperties"))
        var properties = container.nestedContainer(keyedBy: MemberKey.self, forKey: MemberKey("properties"))
        for member in members { try properties.encode(member.schema, forKey: MemberKey(member.key)) }
    }
}
