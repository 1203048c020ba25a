// SPDX-License-Identifier: Apache-2.0
import ServingModel
import Testing

@testable import OpenAIAPI

@Suite("Chat requests")
struct ChatRequestTests {
    private func parse(_ json: String) throws -> GenerationRequest {
        try GenerationRequest(chatBody: Array(json.utf8))
    }

    private func refusal(_ json: String) -> APIError? {
        do {
            _ = try parse(json)
            return nil
        } catch {
            return error as? APIError
        }
    }

    /// A valid request with more fields.
    private func with(_ fields: String) -> String {
        #"{"model":"m","messages":[{"role":"user","content":"hi"}],"# + fields + "}"
    }

    @Test("a full request is read field by field")
    func full() throws {
        let request = try parse(
            with(
                """
                "temperature":0.5,"top_k":40,"seed":-1,"max_completion_tokens":7,"stop":["a","b"],"ignore_eos":true,
                "stream":true,"stream_options":{"include_usage":true},"user":"someone","metadata":{"a":1},"n":1,
                "top_p":1.0,"tools":[],"logit_bias":{},"response_format":{"type":"text"},"modalities":["text"]
                """))
        #expect(request.kind == .chat)
        #expect(request.model.text == "m")
        #expect(request.prompt == .chat(Conversation([ChatMessage(role: "user", content: "hi")])))
        #expect(request.temperature == 0.5)
        #expect(request.topK == 40)
        #expect(request.seed == UInt64.max)
        #expect(request.maximumTokens == 7)
        #expect(request.stop == ["a", "b"])
        #expect(request.ignoresEndOfSequence && request.streams && request.includesUsage)
    }

    @Test("what is not sent has OpenAI's defaults")
    func defaults() throws {
        let request = try parse(with(#""temperature":null,"seed":null,"stop":null,"max_tokens":null"#))
        #expect(request.temperature == 1)
        #expect(request.seed == nil)
        #expect(request.maximumTokens == nil)
        #expect(request.stop.isEmpty)
        #expect(!request.streams && !request.includesUsage && !request.ignoresEndOfSequence)
        #expect(request.sampling(drawnSeed: 9).seed == 9)
    }

    @Test("content may be a list of text parts, developer becomes system, an assistant may be silent")
    func contentForms() throws {
        let request = try parse(
            """
            {"model":"org/m:1","messages":[{"role":"developer","content":"be kind"},
            {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
            {"role":"assistant","content":null}]}
            """)
        #expect(
            request.prompt
                == .chat(
                    Conversation([
                        ChatMessage(role: "system", content: "be kind"), ChatMessage(role: "user", content: "ab"),
                        ChatMessage(role: "assistant", content: ""),
                    ])))
    }

    @Test(
        "a value out of its range is refused by its field's name",
        arguments: [
            (#""max_tokens":-1"#, "max_tokens"), (#""max_tokens":0"#, "max_tokens"),
            (#""max_tokens":1.5"#, "max_tokens"), (#""max_tokens":"7""#, "max_tokens"),
            (#""max_tokens":99999999999999999999"#, "max_tokens"),
            (#""max_completion_tokens":-3"#, "max_completion_tokens"),
            (#""max_tokens":3,"max_completion_tokens":4"#, "max_completion_tokens"),
            (#""temperature":-0.1"#, "temperature"), (#""temperature":2.1"#, "temperature"),
            (#""temperature":"hot""#, "temperature"), (#""top_k":-1"#, "top_k"), (#""seed":1.5"#, "seed"),
            (#""seed":"x""#, "seed"), (#""stop":7"#, "stop"), (#""stop":"""#, "stop"), (#""stop":[1]"#, "stop"),
            (#""stop":["a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a"]"#, "stop"),
            (#""stream":"yes""#, "stream"), (#""ignore_eos":1"#, "ignore_eos"),
            (#""stream_options":{"include_usage":3}"#, "stream_options.include_usage"),
            (#""messages":[]"#, "messages"),
        ])
    func outOfRange(fields: String, parameter: String) {
        // The last of two equal keys may lose, so requests about messages are written on their own.
        let json = fields.hasPrefix(#""messages""#) ? #"{"model":"m","# + fields + "}" : with(fields)
        let error = refusal(json)
        #expect(error?.kind == .invalidRequest)
        #expect(error?.parameter == parameter)
        #expect(error?.message.contains(parameter) == true)
    }

    @Test(
        "a field that would change the answer is refused as unsupported",
        arguments: [
            (#""n":2"#, "n"), (#""top_p":0.9"#, "top_p"), (#""logprobs":true"#, "logprobs"),
            (#""presence_penalty":0.5"#, "presence_penalty"), (#""frequency_penalty":1"#, "frequency_penalty"),
            (#""logit_bias":{"5":1}"#, "logit_bias"), (#""tools":[{"type":"function"}]"#, "tools"),
            (#""tool_choice":"required""#, "tool_choice"), (#""modalities":["text","audio"]"#, "modalities"),
            (#""response_format":{"type":"json_object"}"#, "response_format"), (#""audio":{}"#, "audio"),
        ])
    func unsupported(fields: String, parameter: String) {
        let error = refusal(with(fields))
        #expect(error?.kind == .unsupportedParameter)
        #expect(error?.parameter == parameter)
    }

    @Test(
        "messages are checked one by one",
        arguments: [
            (#"[{"role":"robot","content":"x"}]"#, "messages[0].role"),
            (#"[{"content":"x"}]"#, "messages[0].role"),
            (#"[{"role":"user","content":"x"},{"role":"user"}]"#, "messages[1].content"),
            (#"[{"role":"user","content":5}]"#, "messages[0].content"),
            (#"[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]"#, "messages[0].content[0].type"),
            (#"[{"role":"user","content":[{"type":"text"}]}]"#, "messages[0].content[0].text"),
            (#"[{"role":"assistant","content":"","tool_calls":[{"id":"a"}]}]"#, "messages[0].tool_calls"),
            (#""hello""#, "messages"),
        ])
    func badMessages(messages: String, parameter: String) {
        let error = refusal(#"{"model":"m","messages":"# + messages + "}")
        #expect(error?.parameter == parameter)
        #expect(error?.kind.status == 400)
    }

    @Test("neither the number of messages nor their text is unbounded")
    func bounds() {
        let message = #"{"role":"user","content":"x"}"#
        let many = Array(repeating: message, count: GenerationRequest.Limits.messages + 1).joined(separator: ",")
        #expect(refusal(#"{"model":"m","messages":["# + many + "]}")?.parameter == "messages")
        let long = String(repeating: "x", count: GenerationRequest.Limits.promptBytes)
        #expect(refusal(#"{"model":"m","messages":[{"role":"user","content":"\#(long)"}]}"#)?.parameter == "messages")
    }

    @Test(
        "what is no JSON object is refused as such",
        arguments: ["", "{", "[1]", "nonsense", #"{"model":"m""#, "\u{0}", "null", #"{"model":"m","messages":[}"#])
    func broken(json: String) {
        let error = refusal(json)
        #expect(error?.kind.status == 400)
    }

    @Test("a missing model is a 400, an impossible name a 404")
    func modelName() {
        #expect(refusal(#"{"messages":[{"role":"user","content":"x"}]}"#)?.parameter == "model")
        #expect(
            refusal(#"{"model":"../x","messages":[{"role":"user","content":"x"}]}"#)?.kind == .modelNotFound)
    }

    @Test("deeply nested JSON is refused, not followed")
    func nesting() {
        let deep = String(repeating: "[", count: 100_000)
        let error = refusal(#"{"model":"m","messages":"# + deep)
        #expect(error?.kind == .invalidJSON)
        #expect(error?.message.contains("nested too deeply") == true)
        #expect(refusal(#"{"model":"m","x":"[[["#)?.message.contains("nested") == false)
    }

    @Test(
        "what no string may hold is named as that",
        arguments: [
            #""content":"a\#u{0}b""#, #""content":"\ud800""#, #""content":"\udc00x""#,
            #""content":[{"type":"text","text":"\ud800"}]"#, #""content":"a\#nb""#,
        ])
    func invalidStrings(field: String) {
        let error = refusal(#"{"model":"m","messages":[{"role":"user",\#(field)}]}"#)
        #expect(error?.kind.status == 400)
        #expect(error?.message.contains("is not a valid string") == true, "\(error?.message ?? "accepted")")
    }

    @Test("bytes that are no UTF-8 are named as that")
    func invalidBytes() {
        let json =
            Array(#"{"model":"m","messages":[{"role":"user","content":""#.utf8) + [0xC3, 0x28] + Array("\"}]}".utf8)
        let error = #expect(throws: APIError.self) { try GenerationRequest(chatBody: json) }
        #expect(error?.kind == .invalidJSON)
        #expect(error?.message.contains("UTF-8") == true)
    }
}
