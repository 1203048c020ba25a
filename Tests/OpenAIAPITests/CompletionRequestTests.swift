// SPDX-License-Identifier: Apache-2.0
import ServingModel
import Testing

@testable import OpenAIAPI

@Suite("Completion requests")
struct CompletionRequestTests {
    private func refusal(_ json: String) -> APIError? {
        do {
            _ = try GenerationRequest(completionBody: Array(json.utf8))
            return nil
        } catch {
            return error
        }
    }

    @Test("the prompt may be a string or a list of one", arguments: [#""once""#, #"["once"]"#])
    func prompt(json: String) throws {
        let request = try GenerationRequest(completionBody: Array(#"{"model":"m","prompt":\#(json)}"#.utf8))
        #expect(request.prompt == .text("once", parsesControlTokens: true))
        #expect(request.kind == .completion)
        #expect(request.maximumTokens == 16)
    }

    @Test("control tokens stay text where the caller says so")
    func controlTokens() throws {
        let body = #"{"model":"m","prompt":"x","parse_special":false}"#
        #expect(
            try GenerationRequest(completionBody: Array(body.utf8)).prompt == .text("x", parsesControlTokens: false))
    }

    @Test(
        "other prompts are refused clearly",
        arguments: [
            (#""prompt":[1,2,3]"#, "token ids"), (#""prompt":[[1]]"#, "token ids"), (#""prompt":["a","b"]"#, "several"),
            (#""prompt":[]"#, "one string"), (#""prompt":"""#, "empty"), (#""prompt":7"#, "string"),
            (#""prompt":null"#, "missing"), (#""prompt":{}"#, "string"),
        ])
    func refused(field: String, word: String) {
        let error = refusal(#"{"model":"m",\#(field)}"#)
        #expect(error?.parameter == "prompt")
        #expect(error?.message.contains(word) == true, "\(error?.message ?? "accepted")")
    }

    @Test(
        "echo, suffix and best_of are refused by name",
        arguments: ["\"echo\":true", "\"suffix\":\"x\"", "\"best_of\":3"])
    func unsupported(field: String) {
        #expect(refusal(#"{"model":"m","prompt":"x",\#(field)}"#)?.kind == .unsupportedParameter)
    }
}
