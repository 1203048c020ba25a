// SPDX-License-Identifier: Apache-2.0
internal import ChatTemplates
internal import Glibc
internal import ServingModel
internal import Tokenization

/// Turns prompts into tokens, by the model's own template and tokenizer.
struct PromptEncoding {
    private let tokenizer: Tokenizer
    private let template: ChatTemplate?

    init(tokenizer: Tokenizer, template: ChatTemplate?) {
        self.tokenizer = tokenizer
        self.template = template
    }

    /// The tokens of a prompt, at least one, each within the vocabulary.
    func tokens(of prompt: Prompt) throws(TaskRefusal) -> [Int32] {
        let tokens =
            switch prompt {
            case .chat(let messages): try tokens(ofChat: messages)
            case .text(let text, let parsesControlTokens):
                tokens(ofText: text, control: parsesControlTokens ? .recognised : .asText)
            }
        guard !tokens.isEmpty else {
            throw TaskRefusal(.invalidRequest, "the prompt comes to no tokens; send some text")
        }
        guard tokens.allSatisfy({ $0 >= 0 && $0 < tokenizer.vocabularySize }) else {
            throw TaskRefusal(.internalError, "the packed tokenizer makes tokens outside its vocabulary")
        }
        return tokens
    }

    private func tokens(ofText text: String, control: ControlTokens) -> [Int32] {
        let begin = tokenizer.addsBegin ? tokenizer.beginToken.map { [$0] } ?? [] : []
        return begin + tokenizer.encode(Array(text.utf8), control: control)
    }

    /// Control tokens are recognised in what the template wrote, never in what a message says.
    private func tokens(ofChat messages: [ServingModel.ChatMessage]) throws(TaskRefusal) -> [Int32] {
        guard let template else {
            throw TaskRefusal(
                .invalidRequest, "this model has no chat template; send a prompt for completion instead of messages")
        }
        let input = ChatInput(
            messages: messages.map { ChatTemplates.ChatMessage(role: $0.role, content: $0.content) },
            addsGenerationPrompt: true, beginText: text(of: tokenizer.beginToken),
            endText: text(of: tokenizer.endTokens.first), moment: time(nil))
        do throws(ChatTemplateError) {
            let segments = try template.render(input, limits: RenderLimits())
            return tokenizer.encode(
                segments.map { segment in
                    TextPiece(bytes: segment.bytes, control: segment.origin == .template ? .recognised : .asText)
                })
        } catch {
            throw TaskRefusal(.invalidRequest, error.description)
        }
    }

    private func text(of token: Int32?) -> String {
        token.map { String(decoding: tokenizer.text(of: $0), as: UTF8.self) } ?? ""
    }
}
