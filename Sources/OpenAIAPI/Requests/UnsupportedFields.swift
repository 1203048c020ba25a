// SPDX-License-Identifier: Apache-2.0

/// Fields that change the answer and are not served yet. Each may be sent with the value that changes nothing;
/// anything else is refused by name, since an answer that silently ignored it would be wrong. Unknown fields that do
/// not touch the text (`user`, `metadata`, `store`, ...) are ignored.
struct UnsupportedField {
    /// A value that means "as if not sent".
    enum Neutral {
        case number(Double)
        case word(String)
        case no
        case emptyList
        case emptyObject
        case words([String])

        var description: String {
            switch self {
            case .number(let value): value == value.rounded() ? String(Int(value)) : String(value)
            case .word(let word): "\"\(word)\""
            case .no: "false"
            case .emptyList: "[]"
            case .emptyObject: "{}"
            case .words(let words): "[" + words.map { "\"\($0)\"" }.joined(separator: ", ") + "]"
            }
        }

        fileprivate func matches(_ fields: RequestFields, _ name: String) -> Bool {
            let key = FieldName(name)
            let container = fields.container
            switch self {
            case .number(let value): return (try? container.decode(Double.self, forKey: key)) == value
            case .word(let word): return (try? container.decode(String.self, forKey: key)) == word
            case .no: return (try? container.decode(Bool.self, forKey: key)) == false
            case .emptyList: return (try? container.nestedUnkeyedContainer(forKey: key))?.isAtEnd == true
            case .emptyObject:
                return (try? container.nestedContainer(keyedBy: FieldName.self, forKey: key))?.allKeys.isEmpty == true
            case .words(let words): return (try? container.decode([String].self, forKey: key)) == words
            }
        }
    }

    let name: String
    let neutral: [Neutral]

    /// Of both kinds of request.
    static let shared: [UnsupportedField] = [
        UnsupportedField(name: "best_of", neutral: [.number(1)])
    ]

    /// Of chats alone.
    static let chat: [UnsupportedField] = [
        UnsupportedField(name: "functions", neutral: [.emptyList]),
        UnsupportedField(name: "function_call", neutral: [.word("none"), .word("auto")]),
        UnsupportedField(name: "modalities", neutral: [.words(["text"])]),
        UnsupportedField(name: "audio", neutral: []),
        UnsupportedField(name: "prediction", neutral: []),
        UnsupportedField(name: "web_search_options", neutral: []),
    ]

    /// Of completions alone.
    static let completion: [UnsupportedField] = [
        UnsupportedField(name: "suffix", neutral: [.word("")])
    ]

    /// Refuses the first of `list` that `fields` holds with a value that would change the answer.
    static func refuse(_ list: [UnsupportedField], in fields: RequestFields) throws(APIError) {
        for field in list where fields.has(field.name) {
            if field.neutral.contains(where: { $0.matches(fields, field.name) }) { continue }
            let allowed = field.neutral.map(\.description).joined(separator: " or ")
            let advice = allowed.isEmpty ? "leave it out" : "leave it out or send \(allowed)"
            throw fields.unsupported(field.name, "is not supported yet: \(advice)")
        }
    }
}
