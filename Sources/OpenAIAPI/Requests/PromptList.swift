// SPDX-License-Identifier: Apache-2.0
internal import ServingModel

/// A field that holds a text, a list of texts, a list of tokens, or a list of lists of tokens.
struct PromptList {
    let prompts: [Prompt]
    private static let forms = "a string, a list of strings, a list of token ids, or a list of such lists"

    /// Reads at most `most` prompts of the bounds that every request has.
    init(
        _ fields: RequestFields, _ name: String, most: Int, parsesControlTokens: Bool = false
    ) throws(APIError) {
        guard fields.has(name) else { throw fields.missing(name, Self.forms) }
        let found: [Prompt]
        if let text = try fields.textIfString(name) {
            found = [.text(text, parsesControlTokens: parsesControlTokens)]
        } else {
            found = try Self.list(fields, name, parsesControlTokens)
        }
        guard !found.isEmpty else { throw fields.invalid(name, "must not be an empty list") }
        guard found.count <= most else { throw fields.invalid(name, "may hold at most \(most), not \(found.count)") }
        for (index, prompt) in found.enumerated() where prompt.byteCount == 0 {
            throw fields.invalid(found.count == 1 ? name : "\(name)[\(index)]", "must not be empty")
        }
        let bytes = found.reduce(0) { $0 + $1.byteCount }
        guard bytes <= GenerationRequest.Limits.promptBytes else {
            throw fields.invalid(name, "may have at most \(GenerationRequest.Limits.promptBytes) bytes, not \(bytes)")
        }
        prompts = found
    }

    private static func list(
        _ fields: RequestFields, _ name: String, _ parsesControlTokens: Bool
    ) throws(APIError) -> [Prompt] {
        let key = FieldName(name)
        if let tokens = try? fields.container.decode([Int32].self, forKey: key), !tokens.isEmpty {
            return [.tokens(tokens)]
        }
        if let texts = try? fields.container.decode([String].self, forKey: key) {
            return texts.map { .text($0, parsesControlTokens: parsesControlTokens) }
        }
        if let lists = try? fields.container.decode([[Int32]].self, forKey: key) { return lists.map { .tokens($0) } }
        throw fields.invalid(name, "must be \(forms)")
    }
}
