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
        #expect(request.prompts == [.text("once", parsesControlTokens: true)])
        #expect(request.kind == .completion)
        #expect(request.sampling.maximumTokens == 16)
    }

    @Test("control tokens stay text where the caller says so")
    func controlTokens() throws {
        let body = #"{"model":"m","prompt":"x","parse_special":false}"#
        #expect(
            try GenerationRequest(completionBody: Array(body.utf8)).prompts == [.text("x", parsesControlTokens: false)])
    }

    @Test("several prompts, prompts of tokens, several answers each, and an echo")
    func forms() throws {
        let request = try GenerationRequest(
            completionBody: Array(#"{"model":"m","prompt":["a","b"],"n":2,"echo":true,"seed":10}"#.utf8))
        #expect(request.choiceCount == 4)
        #expect(request.prompt(ofChoice: 1) == request.prompts[0] && request.prompt(ofChoice: 2) == request.prompts[1])
        #expect(request.echo(ofChoice: 3) == "b" && request.sampling(ofChoice: 3, drawnSeed: 0).seed == 13)
        let tokens = try GenerationRequest(completionBody: Array(#"{"model":"m","prompt":[[1,2],[3]]}"#.utf8))
        #expect(tokens.prompts == [.tokens([1, 2]), .tokens([3])])
        let likely = try GenerationRequest(completionBody: Array(#"{"model":"m","prompt":"a","logprobs":3}"#.utf8))
        #expect(likely.sampling.logprobs == 3)
    }

    @Test(
        "other prompts are refused clearly",
        arguments: [
            (#""prompt":[]"#, "empty list"), (#""prompt":"""#, "empty"), (#""prompt":7"#, "string"),
            (#""prompt":null"#, "missing"), (#""prompt":{}"#, "string"), (#""prompt":["a",1]"#, "string"),
        ])
    func refused(field: String, word: String) {
        let error = refusal(#"{"model":"m",\#(field)}"#)
        #expect(error?.parameter == "prompt")
        #expect(error?.message.contains(word) == true, "\(error?.message ?? "accepted")")
    }

    @Test(
        "what is not served is refused by name",
        arguments: [
            #""echo":true,"logprobs":1"#, #""echo":true,"prompt":[1]"#, #""suffix":"x""#, #""best_of":3"#,
            #""response_format":{"type":"json_object"}"#, #""tools":[]"#, #""messages":[]"#, #""unheard_of":1"#,
        ])
    func unsupported(field: String) {
        let body = field.contains("prompt") ? #"{"model":"m",\#(field)}"# : #"{"model":"m","prompt":"x",\#(field)}"#
        #expect(refusal(body)?.kind == .unsupportedParameter)
    }

    @Test("answers to all prompts together are bounded")
    func bounded() {
        let prompts = Array(repeating: #""x""#, count: 10).joined(separator: ",")
        #expect(refusal(#"{"model":"m","prompt":[\#(prompts)],"n":7}"#)?.parameter == "n")
    }
}
