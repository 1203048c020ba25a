// SPDX-License-Identifier: Apache-2.0
internal import JSONReading
internal import ServingModel

/// A field that holds a text, a list of texts, a list of tokens, or a list of lists of tokens.
struct PromptList {
    let prompts: [Prompt]
    private static let forms = "a string, a list of strings, a list of token ids, or a list of such lists"

    /// Reads at most `most` prompts of the bounds that every request has; empty texts only where they `mayBeEmpty`.
    init(
        _ fields: RequestFields, _ name: String, most: Int, parsesControlTokens: Bool = false, mayBeEmpty: Bool = false
    ) throws(APIError) {
        guard let value = fields.value(name) else { throw fields.missing(name, Self.forms) }
        guard let found = Self.prompts(value, parsesControlTokens) else {
            throw fields.invalid(name, "must be \(Self.forms)")
        }
        guard !found.isEmpty else { throw fields.invalid(name, "must not be an empty list") }
        guard found.count <= most else { throw fields.invalid(name, "may hold at most \(most), not \(found.count)") }
        for (index, prompt) in found.enumerated() where prompt.byteCount == 0 && !mayBeEmpty {
            throw fields.invalid(found.count == 1 ? name : "\(name)[\(index)]", "must not be empty")
        }
        let bytes = found.reduce(0) { $0 + $1.byteCount }
        guard bytes <= GenerationRequest.Limits.promptBytes else {
            throw fields.invalid(name, "may have at most \(GenerationRequest.Limits.promptBytes) bytes, not \(bytes)")
        }
        prompts = found
    }

    private static func prompts(_ value: JSONValue, _ parsesControlTokens: Bool) -> [Prompt]? {
        if let text = value.text { return [.text(text, parsesControlTokens: parsesControlTokens)] }
        guard let elements = value.list else { return nil }
        if let tokens = Self.tokens(value), !tokens.isEmpty { return [.tokens(tokens)] }
        let texts = elements.compactMap(\.text)
        if texts.count == elements.count { return texts.map { .text($0, parsesControlTokens: parsesControlTokens) } }
        let lists = elements.compactMap(tokens)
        return lists.count == elements.count ? lists.map { .tokens($0) } : nil
    }

    /// The ids in a list of nothing else.
    static func tokens(_ value: JSONValue) -> [Int32]? {
        guard let elements = value.list else { return nil }
        let tokens = elements.compactMap(\.integer)
        return tokens.count == elements.count ? tokens : nil
    }
}
