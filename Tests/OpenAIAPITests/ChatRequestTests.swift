// SPDX-License-Identifier: Apache-2.0
import Foundation
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
        #expect(request.prompts == [.chat(Conversation([ChatMessage(role: "user", content: "hi")]))])
        #expect(request.sampling.temperature == 0.5)
        #expect(request.sampling.topK == 40)
        #expect(request.seed == UInt64.max)
        #expect(try parse(with(#""seed":18446744073709551615"#)).seed == UInt64.max)
        #expect(request.sampling.maximumTokens == 7)
        #expect(request.sampling.stop == ["a", "b"])
        #expect(request.sampling.ignoresEndOfSequence && request.streams && request.includesUsage)
    }

    @Test("what is not sent has OpenAI's defaults")
    func defaults() throws {
        let request = try parse(with(#""temperature":null,"seed":null,"stop":null,"max_tokens":null"#))
        #expect(request.sampling.temperature == 1)
        #expect(request.seed == nil)
        #expect(request.sampling.maximumTokens == nil)
        #expect(request.sampling.stop.isEmpty)
        #expect(!request.streams && !request.includesUsage && !request.sampling.ignoresEndOfSequence)
        #expect(request.sampling(ofChoice: 0, drawnSeed: 9).seed == 9)
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
            request.prompts == [
                .chat(
                    Conversation([
                        ChatMessage(role: "system", content: "be kind"), ChatMessage(role: "user", content: "ab"),
                        ChatMessage(role: "assistant", content: ""),
                    ]))
            ])
    }

    @Test("everything that shapes the choice of tokens is read")
    func sampling() throws {
        let request = try parse(
            with(
                """
                "n":3,"top_p":0.9,"min_p":0.05,"typical_p":0.8,"frequency_penalty":-1,"presence_penalty":0.5,
                "repetition_penalty":1.1,"min_tokens":4,"top_k":-1,"logit_bias":{"7":-100,"3":2.5},"logprobs":true,
                "top_logprobs":2,"seed":5
                """))
        let sampling = request.sampling(ofChoice: 2, drawnSeed: 1)
        #expect(request.choiceCount == 3 && sampling.seed == 7 && sampling.topK == 0)
        #expect(sampling.topP == 0.9 && sampling.minP == 0.05 && sampling.typicalP == 0.8)
        #expect(sampling.frequencyPenalty == -1 && sampling.presencePenalty == 0.5)
        #expect(sampling.repetitionPenalty == 1.1 && sampling.minimumTokens == 4 && sampling.logprobs == 2)
        #expect(sampling.biases == [.init(token: 3, bias: 2.5), .init(token: 7, bias: -100)])
    }

    @Test("tools and what a template may read are passed on as they were written, calls and results with them")
    func tools() throws {
        let tools = #"[{"type":"function","function":{"name":"f","parameters":{"z":1,"a":[true,null,1.5]}}}]"#
        let request = try parse(
            """
            {"model":"m","tools":\(tools),"chat_template_kwargs":{"enable_thinking":false,"b":"c"},"messages":[
            {"role":"assistant","content":null,"reasoning_content":"hm","tool_calls":[
            {"id":"c1","type":"function","function":{"name":"f","arguments":"{\\"x\\":1}"}}]},
            {"role":"tool","tool_call_id":"c1","name":"f","content":"2"}]}
            """)
        guard case .chat(let conversation)? = request.prompts.first else {
            Issue.record("no conversation")
            return
        }
        #expect(conversation.tools == tools)
        #expect(conversation.variables == #"{"enable_thinking":false,"b":"c"}"#)
        let call = ToolCall(identifier: "c1", name: "f", arguments: #"{"x":1}"#)
        #expect(
            conversation.messages == [
                ChatMessage(role: "assistant", content: nil, reasoning: "hm", toolCalls: [call]),
                ChatMessage(role: "tool", content: "2", toolCallIdentifier: "c1", name: "f"),
            ])
        let without = try parse(with(#""tools":\#(tools),"tool_choice":"none""#))
        #expect(without.prompts == [.chat(Conversation([ChatMessage(role: "user", content: "hi")]))])
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
            (#""temperature":"hot""#, "temperature"), (#""top_k":-2"#, "top_k"), (#""seed":1.5"#, "seed"),
            (#""seed":"x""#, "seed"), (#""stop":7"#, "stop"), (#""stop":"""#, "stop"), (#""stop":[1]"#, "stop"),
            (#""stop":["a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a"]"#, "stop"),
            (#""stream":"yes""#, "stream"), (#""ignore_eos":1"#, "ignore_eos"),
            (#""stream_options":{"include_usage":3}"#, "stream_options.include_usage"),
            (#""messages":[]"#, "messages"), (#""n":0"#, "n"), (#""n":17"#, "n"), (#""top_p":1.1"#, "top_p"),
            (#""min_p":-1"#, "min_p"), (#""presence_penalty":3"#, "presence_penalty"),
            (#""repetition_penalty":0"#, "repetition_penalty"), (#""logit_bias":{"x":1}"#, "logit_bias"),
            (#""logit_bias":{"5":101}"#, "logit_bias"), (#""logit_bias":[1]"#, "logit_bias"),
            (#""logprobs":5"#, "logprobs"), (#""top_logprobs":3"#, "top_logprobs"),
            (#""logprobs":true,"top_logprobs":21"#, "top_logprobs"), (#""min_tokens":-1"#, "min_tokens"),
            (#""tools":[{"type":"function"}]"#, "tools[0].function"), (#""tools":7"#, "tools"),
            (#""tools":[{"type":"function","function":{"name":""}}]"#, "tools[0].function.name"),
            (#""repetition_penalty":1,"repeat_penalty":2"#, "repeat_penalty"),
            (#""seed":18446744073709551616"#, "seed"),
            (#""chat_template_kwargs":[]"#, "chat_template_kwargs"),
            (#""tools":[{"function":{"name":"f","parameters":[]}}]"#, "tools[0].function.parameters"),
            (
                #""tools":[{"function":{"name":"f","parameters":{"type":"array"}}}]"#,
                "tools[0].function.parameters.type"
            ),
            (
                #""tools":[{"function":{"name":"f","parameters":{"properties":{"x":{"type":"text"}}}}}]"#,
                "tools[0].function.parameters.properties.x.type"
            ),
            (
                #""tools":[{"function":{"name":"f","parameters":{"properties":{"x":{"anyOf":[{}, 5]}}}}}]"#,
                "tools[0].function.parameters.properties.x.anyOf[1]"
            ),
            (
                #""tools":[{"function":{"name":"f","parameters":{"required":"x"}}}]"#,
                "tools[0].function.parameters.required"
            ),
        ])
    func outOfRange(fields: String, parameter: String) {
        // No field may come twice, so requests about messages are written on their own.
        let json = fields.hasPrefix(#""messages""#) ? #"{"model":"m","# + fields + "}" : with(fields)
        let error = refusal(json)
        #expect(error?.kind == .invalidRequest)
        #expect(error?.parameter == parameter)
        #expect(error?.message.contains(parameter) == true)
    }

    @Test(
        "a field that would change the answer is refused as unsupported",
        arguments: [
            (#""best_of":2"#, "best_of"), (#""stop_token_ids":[5]"#, "stop_token_ids"),
            (#""guided_choice":["a"]"#, "guided_choice"), (#""enable_thinking":true"#, "enable_thinking"),
            (#""parallel_tool_calls":false"#, "parallel_tool_calls"), (#""mirostat":2"#, "mirostat"),
            (#""tools":[{"type":"search"}]"#, "tools[0].type"),
            (#""tool_choice":{"type":"function","function":{"name":"f"}}"#, "tool_choice"),
            (#""tool_choice":"required""#, "tool_choice"), (#""modalities":["text","audio"]"#, "modalities"),
            (#""response_format":{"type":"json_object"}"#, "response_format"), (#""audio":{}"#, "audio"),
            (#""tools":[{"function":{"name":"f","strict":true}}]"#, "tools[0].function.strict"),
            (#""store":true"#, "store"), (#""service_tier":"flex""#, "service_tier"),
            (#""user":"a","echo":true"#, "echo"),
        ])
    func unsupported(fields: String, parameter: String) {
        let error = refusal(with(fields))
        #expect(error?.kind == .unsupportedParameter)
        #expect(error?.parameter == parameter)
    }

    @Test(
        "a field that nothing reads is refused by its name, wherever it stands",
        arguments: [
            (#""samplers":["top_k"]"#, "samplers"), (#""min_keep":2"#, "min_keep"),
            (#""reasoning_budget":5"#, "reasoning_budget"), (#""t_max_predict_ms":9"#, "t_max_predict_ms"),
            (#""logits_processors":[]"#, "logits_processors"), (#""thinking":{"type":"enabled"}"#, "thinking"),
            (#""think":true"#, "think"), (#""max_new_tokens":5"#, "max_new_tokens"), (#""min_length":5"#, "min_length"),
            (#""format":"json""#, "format"), (#""Temperature":0"#, "Temperature"),
            (#""nobody has heard of it":0"#, "nobody has heard of it"),
            (#""stream_options":{"include_usages":true}"#, "stream_options.include_usages"),
            (#""response_format":{"type":"text","schema":{}}"#, "response_format.schema"),
            (#""tools":[{"function":{"name":"f"},"cache":1}]"#, "tools[0].cache"),
            (#""tools":[{"function":{"name":"f","arguments":{}}}]"#, "tools[0].function.arguments"),
        ])
    func unknown(fields: String, parameter: String) {
        let error = refusal(with(fields))
        #expect(error?.kind == .unsupportedParameter)
        #expect(error?.parameter == parameter)
        #expect(error?.message.contains("'\(parameter)'") == true)
    }

    @Test("what only describes a request is accepted, and null is as good as absent")
    func descriptions() throws {
        let fields = """
            "user":"u","safety_identifier":"s","prompt_cache_key":"k","metadata":{"a":"b"},"store":false,
            "service_tier":"auto","stream_options":{"include_usage":true,"include_obfuscation":false},
            "parallel_tool_calls":true,"max_new_tokens":null,"tool_choice":null
            """
        #expect(try parse(with(fields)).prompts == parse(with(#""n":1"#)).prompts)
    }

    @Test(
        "a field that is given twice is refused by its name",
        arguments: [
            (#"{"model":"m","model":"n","messages":[]}"#, "model"),
            (#"{"model":"m","n":1,"messages":[{"role":"user","content":"x"}],"n":2}"#, "n"),
            (#"{"model":"m","messages":[{"role":"user","role":"system","content":"x"}]}"#, "messages[0].role"),
            (
                #"{"model":"m","messages":[],"tools":[{"function":{"name":"f","parameters":{"a":1,"a":1}}}]}"#,
                "tools[0].function.parameters.a"
            ),
            (
                #"{"model":"m","messages":[],"chat_template_kwargs":{"a":[[{"b":1,"b":2}]]}}"#,
                "chat_template_kwargs.a[0][0].b"
            ),
        ])
    func repeated(json: String, parameter: String) {
        let error = refusal(json)
        #expect(error?.kind == .invalidRequest)
        #expect(error?.parameter == parameter)
        #expect(error?.message.contains("twice") == true)
    }

    @Test(
        "what a model wrote for arguments is its history, whatever it is",
        arguments: ["", "{", #"{\"a\": 1"#, "[1, 2]", "7", "not JSON", "null"])
    func callsOfHistory(arguments: String) throws {
        let call = #"{"id":"c","index":0,"type":"function","function":{"name":"f","arguments":"\#(arguments)"}}"#
        let answer = """
            {"role":"assistant","content":null,"reasoning_content":"hm","refusal":null,"annotations":[],"audio":null,
            "function_call":null,"tool_calls":[\(call)]}
            """
        let request = try parse(#"{"model":"m","messages":[\#(answer)]}"#)
        guard case .chat(let conversation)? = request.prompts.first else {
            Issue.record("no conversation")
            return
        }
        let read = conversation.messages[0].toolCalls
        let text = arguments.replacingOccurrences(of: #"\""#, with: "\"")
        #expect(read == [ToolCall(identifier: "c", name: "f", arguments: text)])
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
            (#"[{"role":"assistant","content":"","tool_calls":[{"id":"a"}]}]"#, "messages[0].tool_calls[0].function"),
            (
                #"[{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":{}}}]}]"#,
                "messages[0].tool_calls[0].function.arguments"
            ),
            (
                #"[{"role":"assistant","tool_calls":[{"id":"a","function":{"arguments":""}}]}]"#,
                "messages[0].tool_calls[0].function.name"
            ),
            (#"[{"role":"user","content":"x","refusal":"no"}]"#, "messages[0].refusal"),
            (#"[{"role":"user","content":"x","prefix":true}]"#, "messages[0].prefix"),
            (#"[{"role":"user","content":[{"type":"text","text":"x","cache":1}]}]"#, "messages[0].content[0].cache"),
            (#"[{"role":"assistant","reasoning":"a","reasoning_content":"b"}]"#, "messages[0].reasoning"),
            (#"[{"role":"user","content":"x","tool_calls":[{"id":"a"}]}]"#, "messages[0].tool_calls"),
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
        #expect(error?.message.contains("nested more than") == true)
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
        #expect(error?.kind == .invalidJSON)
        let words = ["control character", "surrogate pair"]
        #expect(words.contains { error?.message.contains($0) == true }, "\(error?.message ?? "accepted")")
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
