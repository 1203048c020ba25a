// SPDX-License-Identifier: Apache-2.0
internal import JSONReading

/// A field that is understood where its value changes nothing of the answer: what is not served yet may be sent with the
/// value that means "as if not sent", and what only describes the request may be sent as it likes. Any other value is
/// refused by name, since an answer that silently ignored it would be wrong.
struct FixedField {
    /// A value that may be sent.
    enum Value {
        case number(Double)
        case word(String)
        case no
        case yes
        case emptyList
        case emptyObject
        case words([String])
        /// Any string.
        case text
        /// Any object.
        case object
        /// Either truth value.
        case flag

        fileprivate var description: String {
            switch self {
            case .number(let value): value == value.rounded() ? String(Int(value)) : String(value)
            case .word(let word): "\"\(word)\""
            case .no: "false"
            case .yes: "true"
            case .emptyList: "[]"
            case .emptyObject: "{}"
            case .words(let words): "[" + words.map { "\"\($0)\"" }.joined(separator: ", ") + "]"
            case .text: "a string"
            case .object: "an object"
            case .flag: "true or false"
            }
        }

        fileprivate func matches(_ value: JSONValue) -> Bool {
            switch self {
            case .number(let number): value.number == number
            case .word(let word): value.text == word
            case .no: value == .boolean(false)
            case .yes: value == .boolean(true)
            case .emptyList: value == .list([])
            case .emptyObject: value == .object([])
            case .words(let words): value == .list(words.map(JSONValue.text))
            case .text: value.text != nil
            case .object: value.object != nil
            case .flag: value.boolean != nil
            }
        }
    }

    let name: String
    let values: [Value]

    init(_ name: String, _ values: Value...) {
        self.name = name
        self.values = values
    }

    /// Of every request that is computed: who or what it is for. The server needs none of it: who asks is known from the
    /// socket, nothing is stored, and there is one class of service.
    static let description: [FixedField] = [
        .init("user", .text), .init("safety_identifier", .text), .init("prompt_cache_key", .text),
        .init("metadata", .object), .init("store", .no), .init("service_tier", .word("auto"), .word("default")),
    ]

    /// Of chats and completions: what bounds the answer to a form, ends it, or chooses its tokens by other rules.
    /// `cache_prompt` changes when an answer comes, not what it says.
    static let generation: [FixedField] =
        description + [
            .init("best_of", .number(1)), .init("use_beam_search", .no), .init("length_penalty", .number(1)),
            .init("grammar", .word("")), .init("json_schema", .emptyObject), .init("guided_json", .emptyObject),
            .init("guided_regex", .word("")), .init("guided_choice", .emptyList), .init("guided_grammar", .word("")),
            .init("structured_outputs", .emptyObject), .init("stop_token_ids", .emptyList),
            .init("bad_words", .emptyList), .init("allowed_token_ids", .emptyList),
            .init("include_stop_str_in_output", .no), .init("skip_special_tokens", .yes),
            .init("n_probs", .number(0)), .init("repeat_last_n", .number(-1)),
            .init("no_repeat_ngram_size", .number(0)),
            .init("dry_multiplier", .number(0)), .init("xtc_probability", .number(0)), .init("mirostat", .number(0)),
            .init("dynatemp_range", .number(0)), .init("tfs_z", .number(1)), .init("top_n_sigma", .number(-1)),
            .init("lora", .emptyList), .init("cache_prompt", .flag),
        ]

    /// Of chats alone.
    static let chat: [FixedField] = [
        .init("functions", .emptyList), .init("function_call", .word("none"), .word("auto")),
        .init("parallel_tool_calls", .yes), .init("modalities", .words(["text"])),
        .init("verbosity", .word("medium")), .init("continue_final_message", .no), .init("documents", .emptyList),
        .init("add_special_tokens", .no), .init("include_reasoning", .yes), .init("echo", .no),
    ]

    /// Of completions alone.
    static let completion: [FixedField] = [
        .init("suffix", .word("")), .init("add_special_tokens", .yes),
    ]

    /// Declares the fields of a list, and refuses the first that has a value of its own.
    static func check(_ list: [FixedField], in fields: RequestFields) throws(APIError) {
        for field in list {
            guard let value = fields.value(field.name), !field.values.contains(where: { $0.matches(value) }) else {
                continue
            }
            let allowed = field.values.map(\.description).joined(separator: " or ")
            throw fields.unsupported(
                field.name, "is not supported with this value yet: leave it out or send \(allowed)")
        }
    }
}
