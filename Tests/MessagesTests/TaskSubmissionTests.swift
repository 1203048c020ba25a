// SPDX-License-Identifier: Apache-2.0
import ServingModel
import Testing

@testable import Messages

@Suite("Task submission")
struct TaskSubmissionTests {
    private func sampling() -> SamplingParameters {
        var sampling = SamplingParameters(
            temperature: 0.5, topK: 40, seed: .max, maximumTokens: nil, stop: ["\n\n", "ä"],
            ignoresEndOfSequence: true)
        sampling.topP = 0.9
        sampling.minP = 0.05
        sampling.typicalP = 0.95
        sampling.frequencyPenalty = -0.5
        sampling.presencePenalty = 1.5
        sampling.repetitionPenalty = 1.1
        sampling.biases = [.init(token: 5, bias: -100), .init(token: 7, bias: 2.5)]
        sampling.logprobs = 3
        sampling.minimumTokens = 4
        return sampling
    }

    private func submission(prompt: Prompt) -> TaskSubmission {
        TaskSubmission(
            task: TaskID(rawValue: 1), work: .answer(prompt, sampling()), delivered: 3, generated: [1, -1, 200_000],
            tenant: TenantName(userID: 1000).tag, tenantWeight: TenantWeight(300) ?? .one, serviceClass: .background)
    }

    @Test("A weight that no tenant has is refused")
    func weightOutOfRange() throws {
        var bytes = submission(prompt: .tokens([1])).encoded()
        // Behind the header, the task and the tenant.
        bytes.replaceSubrange(24..<26, with: [0, 0])
        #expect(throws: FrameError.outOfRange(field: "tenant weight")) { try TaskSubmission(decoding: bytes) }
    }

    @Test("Chats, texts and tokens read back with all their parameters")
    func roundTrip() throws {
        let call = ToolCall(identifier: "abc", name: "find", arguments: "{}")
        let chat = Conversation(
            [
                ChatMessage(role: "system", content: ""),
                ChatMessage(role: "assistant", content: nil, reasoning: "hm", toolCalls: [call, call]),
                ChatMessage(role: "tool", content: "héllo", toolCalls: [], toolCallIdentifier: "abc", name: "find"),
            ], tools: "[{}]", variables: #"{"enable_thinking":false}"#, addsGenerationPrompt: false,
            moment: 1_700_000_000)
        let prompts: [Prompt] = [
            .chat(chat), .text("plain", parsesControlTokens: false), .text("<|x|>", parsesControlTokens: true),
            .tokens([0, 5, 1 << 20]),
        ]
        for prompt in prompts {
            let original = submission(prompt: prompt)
            #expect(try TaskSubmission(decoding: original.encoded()) == original)
        }
    }

    @Test(
        "Every kind of work reads back",
        arguments: [
            .embedding([.text("a", parsesControlTokens: false), .tokens([1])], EmbeddingParameters()),
            .embedding([.tokens([2])], EmbeddingParameters(pooling: .last, dimensions: 256)),
            .tokenization(.text("a", parsesControlTokens: true)), .detokenization([4, 5, 6]), .detokenization([]),
        ] as [TaskWork])
    func work(_ work: TaskWork) throws {
        let original = TaskSubmission(task: TaskID(rawValue: 9), work: work, delivered: 1)
        #expect(try TaskSubmission(decoding: original.encoded()) == original)
    }

    @Test("A long prompt travels in parts that fit a packet and join again")
    func parts() throws {
        let text = String(repeating: "0123456789", count: 20_000)
        let original = submission(prompt: .text(text, parsesControlTokens: false))
        let parts = ToInstance.submission(original)
        #expect(parts.count == 5)
        var joined: [UInt8] = []
        for part in parts {
            #expect(part.encoded().count <= 65_536)
            guard case .submissionPart(_, let offset, _, let bytes) = part else {
                Issue.record("not a part")
                return
            }
            #expect(offset == joined.count)
            joined += bytes
        }
        #expect(try TaskSubmission(decoding: joined) == original)
    }

    @Test("Numbers outside their ranges are refused", arguments: [-1, 2.5, Float.nan, .infinity])
    func ranges(value: Float) {
        let changes: [(String, WritableKeyPath<SamplingParameters, Float>)] = [
            ("temperature", \.temperature), ("top_p", \.topP), ("min_p", \.minP), ("typical_p", \.typicalP),
        ]
        for (field, path) in changes {
            var sampling = sampling()
            sampling[keyPath: path] = value
            let bytes = TaskSubmission(
                task: TaskID(rawValue: 1), work: .answer(.tokens([1]), sampling)
            ).encoded()
            #expect(throws: FrameError.outOfRange(field: field)) { try TaskSubmission(decoding: bytes) }
        }
    }

    @Test("A submission cut or changed anywhere is refused or read, never a crash")
    func damage() {
        let bytes = submission(prompt: .chat(Conversation([ChatMessage(role: "user", content: "x")]))).encoded()
        for index in bytes.indices {
            for value in [0, 1, 0x7F, 0xFF] as [UInt8] {
                var changed = bytes
                changed[index] = value
                _ = try? TaskSubmission(decoding: changed)
            }
            var cut = Array(bytes[..<index])
            if cut.count >= 4 {
                cut.replaceSubrange(0..<4, with: withUnsafeBytes(of: UInt32(index).littleEndian, Array.init))
            }
            #expect(throws: FrameError.self) { try TaskSubmission(decoding: cut) }
        }
    }
}
