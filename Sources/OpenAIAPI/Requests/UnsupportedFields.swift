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
        case yes
        case emptyList
        case emptyObject
        case words([String])

        var description: String {
            switch self {
            case .number(let value): value == value.rounded() ? String(Int(value)) : String(value)
            case .word(let word): "\"\(word)\""
            case .no: "false"
            case .yes: "true"
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
            case .yes: return (try? container.decode(Bool.self, forKey: key)) == true
            case .emptyList: return (try? container.nestedUnkeyedContainer(forKey: key))?.isAtEnd == true
            case .emptyObject:
                return (try? container.nestedContainer(keyedBy: FieldName.self, forKey: key))?.allKeys.isEmpty == true
            case .words(let words): return (try? container.decode([String].self, forKey: key)) == words
            }
        }
    }

    let name: String
    let neutral: [Neutral]
    /// What to send instead, where there is something.
    let instead: String?

    init(_ name: String, _ neutral: Neutral..., instead: String? = nil) {
        self.name = name
        self.neutral = neutral
        self.instead = instead
    }

    /// Of both kinds of request: what bounds the answer to a form, ends it, or chooses its tokens by other rules.
    static let shared: [UnsupportedField] = [
        .init("best_of", .number(1)), .init("use_beam_search", .no), .init("length_penalty", .number(1)),
        .init("grammar", .word("")), .init("json_schema", .emptyObject), .init("guided_json", .emptyObject),
        .init("guided_regex", .word("")), .init("guided_choice", .emptyList), .init("guided_grammar", .word("")),
        .init("structured_outputs", .emptyObject), .init("stop_token_ids", .emptyList),
        .init("bad_words", .emptyList), .init("allowed_token_ids", .emptyList),
        .init("include_stop_str_in_output", .no), .init("skip_special_tokens", .yes),
        .init("prompt_logprobs"), .init("truncate_prompt_tokens"), .init("n_probs", .number(0)),
        .init("n_predict", instead: "'max_tokens'"), .init("num_predict", instead: "'max_tokens'"),
        .init("repeat_last_n", .number(-1)), .init("no_repeat_ngram_size", .number(0)),
        .init("dry_multiplier", .number(0)), .init("xtc_probability", .number(0)), .init("mirostat", .number(0)),
        .init("dynatemp_range", .number(0)), .init("tfs_z", .number(1)), .init("top_n_sigma", .number(-1)),
        .init("lora", .emptyList),
    ]

    /// Of chats alone.
    static let chat: [UnsupportedField] = [
        .init("functions", .emptyList), .init("function_call", .word("none"), .word("auto")),
        .init("parallel_tool_calls", .yes), .init("modalities", .words(["text"])), .init("audio"),
        .init("prediction"), .init("web_search_options"), .init("verbosity", .word("medium")),
        .init("continue_final_message", .no), .init("chat_template"), .init("documents", .emptyList),
        .init("add_special_tokens", .no), .init("reasoning_effort", instead: templateVariables),
        .init("enable_thinking", instead: templateVariables), .init("thinking_budget", instead: templateVariables),
    ]

    private static let templateVariables = "it in 'chat_template_kwargs', if the model's template reads it"

    /// Of completions alone.
    static let completion: [UnsupportedField] = [
        .init("suffix", .word("")), .init("add_special_tokens", .yes),
    ]

    /// Refuses the first of `list` that `fields` holds with a value that would change the answer.
    static func refuse(_ list: [UnsupportedField], in fields: RequestFields) throws(APIError) {
        for field in list where fields.has(field.name) {
            if field.neutral.contains(where: { $0.matches(fields, field.name) }) { continue }
            let allowed = field.neutral.map(\.description) + (field.instead.map { [$0] } ?? [])
            let advice =
                allowed.isEmpty ? "leave it out" : "leave it out or send \(allowed.joined(separator: " or "))"
            throw fields.unsupported(field.name, "is not supported yet: \(advice)")
        }
    }
}
