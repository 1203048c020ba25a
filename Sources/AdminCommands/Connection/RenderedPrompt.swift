// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import Messages
internal import UnixHTTP

/// What a model reads of a request: the text that its template makes, control tokens with it.
enum RenderedPrompt {
    private struct Question: Encodable {
        let model: String
        let messages: [AnswerRequest.Turn]?
        let prompt: String?
        let tellsTexts = true

        enum CodingKeys: String, CodingKey {
            case model, messages, prompt
            case tellsTexts = "return_token_strs"
        }
    }

    private struct Tokens: Decodable {
        let count: Int
        let texts: [String]

        enum CodingKeys: String, CodingKey {
            case count
            case texts = "token_strs"
        }
    }

    /// Whether the model is there and takes conversations.
    static func check(_ request: AnswerRequest, from server: AdminServer) async throws(CommandError) {
        let turn = AnswerRequest.Turn(role: "user", content: "?")
        _ = try await tokens(of: Question(model: request.model, messages: [turn], prompt: nil), from: server)
    }

    /// The text, made harmless where it goes to a terminal, and how many tokens it has.
    static func text(of request: AnswerRequest, from server: AdminServer) async throws(CommandError) -> String {
        let question = Question(model: request.model, messages: request.messages, prompt: request.prompt)
        let tokens = try await tokens(of: question, from: server)
        let text = tokens.texts.joined()
        guard StandardStreams.outputIsTerminal else { return text }
        return TerminalText.harmless(text) + "\n\n\(tokens.count) tokens\n"
    }

    private static func tokens(of question: Question, from server: AdminServer) async throws(CommandError) -> Tokens {
        try await server.post(SchedulerRoutes.tokenize, question)
    }
}
