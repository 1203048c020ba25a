// SPDX-License-Identifier: Apache-2.0
internal import ChatTemplates
internal import Tokenization

/// Chooses and compiles a checkpoint's chat template.
enum TemplateReading {
    /// For models that were trained on ChatML and do not bring a template.
    private static let chatML =
        "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
        + "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"

    /// The packed template; empty for a model that has none and no tokens for turns: it completes texts only.
    static func program(_ source: String?, _ vocabulary: Vocabulary) throws(PackError) -> [UInt8] {
        guard let source = source ?? defaultSource(vocabulary) else { return [] }
        return try packing(PackError.template) { () throws(ChatTemplateError) in
            try ChatTemplateCompiler.program(for: source)
        }
    }

    /// One template of the two that some models have: that for tools is taken where tools are offered. The empty texts
    /// keep the blocks from taking line ends and spaces away that are the templates' own.
    static func joined(_ usual: String, withTools: String?) -> String {
        guard let withTools else { return usual }
        // Of a template the last line end does not count.
        let parts = [withTools, usual].map { $0.last == "\n" ? String($0.dropLast()) : $0 }
        return "{% if tools %}{{ '' }}\(parts[0]){{ '' }}{% else %}{{ '' }}\(parts[1]){{ '' }}{% endif %}"
    }

    private static func defaultSource(_ vocabulary: Vocabulary) -> String? {
        let hasTurns = ["<|im_start|>", "<|im_end|>"].allSatisfy { text in
            vocabulary.tokens.firstIndex(of: text).map { vocabulary.kinds[$0] == .control } ?? false
        }
        return hasTurns ? chatML : nil
    }
}
