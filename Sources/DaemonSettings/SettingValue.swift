// SPDX-License-Identifier: Apache-2.0

/// A setting's value for people and programs to read: as YAML writes it, and as JSON.
package indirect enum SettingValue: Hashable, Sendable {
    case number(Int)
    case boolean(Bool)
    case text(String)
    case list([SettingValue])
    /// Members in their order.
    case map([Member])
    /// Nobody chose a value: the program takes one from the machine, as the words say.
    case derived(String)

    /// One key of a map.
    package struct Member: Hashable, Sendable {
        let key: String
        let value: SettingValue

        init(_ key: String, _ value: SettingValue) {
            self.key = key
            self.value = value
        }
    }
}

extension SettingValue: CustomStringConvertible {
    /// On one line, as YAML's flow style has it.
    package var description: String {
        switch self {
        case .number(let number): "\(number)"
        case .boolean(let isTrue): "\(isTrue)"
        case .text(let text): text
        case .list(let items): "[" + items.map(\.description).joined(separator: ", ") + "]"
        case .map(let members):
            "{" + members.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + "}"
        case .derived(let words): words
        }
    }
}

extension SettingValue: Encodable {
    /// A derived value is null: its words are for people.
    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .number(let number): try encode(number, to: encoder)
        case .boolean(let isTrue): try encode(isTrue, to: encoder)
        case .text(let text): try encode(text, to: encoder)
        case .list(let items): try encode(items, to: encoder)
        case .map(let members):
            var container = encoder.container(keyedBy: MemberKey.self)
            for member in members { try container.encode(member.value, forKey: MemberKey(member.key)) }
        case .derived:
            var container = encoder.singleValueContainer()
            try container.encodeNil()
        }
    }

    private func encode(_ value: some Encodable, to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}

/// A key of a JSON object that is known at run time only.
struct MemberKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
}
