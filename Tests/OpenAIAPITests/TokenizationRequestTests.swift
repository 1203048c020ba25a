// SPDX-License-Identifier: Apache-2.0
import ServingModel
import Testing

@testable import OpenAIAPI

@Suite("Requests for tokens, texts of tokens and vectors")
struct TokenizationRequestTests {
    private func tokenization(_ fields: String) throws -> TokenizationRequest {
        try TokenizationRequest(body: Array(#"{"model":"m",\#(fields)}"#.utf8))
    }

    @Test("a text may be empty, and has two names")
    func texts() throws {
        #expect(try tokenization(#""prompt":"""#).prompt == .text("", parsesControlTokens: true))
        let request = try tokenization(#""content":"x","parse_special":false,"return_token_strs":true"#)
        #expect(request.prompt == .text("x", parsesControlTokens: false) && request.tellsTexts)
    }

    @Test("a conversation has what a chat may have")
    func conversation() throws {
        let request = try tokenization(#""messages":[{"role":"user","content":"x"}],"temperature":0,"tools":[]"#)
        #expect(request.prompt == .chat(Conversation([ChatMessage(role: "user", content: "x")])))
    }

    @Test(
        "a field that nothing reads is refused by its name",
        arguments: [
            (#""prompt":"x","with_pieces":true"#, "with_pieces"), (#""prompt":"x","content":"y""#, "content"),
            (#""prompt":"x","temperature":1"#, "temperature"), (#""prompt":"x","add_special":false"#, "add_special"),
            (#""messages":[{"role":"user","content":"x"}],"prompt":"y""#, "prompt"),
        ])
    func unknown(fields: String, parameter: String) {
        let error = #expect(throws: APIError.self) { try tokenization(fields) }
        #expect(error?.parameter == parameter && error?.kind.status == 400)
    }

    @Test(
        "requests for texts of tokens and for vectors refuse what they do not read",
        arguments: [(#""tokens":[1],"pieces":true"#, "pieces"), (#""tokens":[1],"tokens":[2]"#, "tokens")])
    func others(fields: String, parameter: String) throws {
        #expect(try DetokenizationRequest(body: Array(#"{"model":"m","tokens":[]}"#.utf8)).tokens.isEmpty)
        let body = Array(#"{"model":"m",\#(fields)}"#.utf8)
        let error = #expect(throws: APIError.self) { try DetokenizationRequest(body: body) }
        #expect(error?.parameter == parameter)
        let vectors = #expect(throws: APIError.self) {
            try EmbeddingRequest(body: Array(#"{"model":"m","input":"x","task":"query"}"#.utf8))
        }
        #expect(vectors?.parameter == "task" && vectors?.kind == .unsupportedParameter)
    }
}
