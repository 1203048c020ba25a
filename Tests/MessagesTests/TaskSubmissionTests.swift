// SPDX-License-Identifier: Apache-2.0
import ServingModel
import Testing

@testable import Messages

@Suite("Task submission")
struct TaskSubmissionTests {
    private func submission(prompt: Prompt) -> TaskSubmission {
        TaskSubmission(
            task: TaskID(rawValue: 1), prompt: prompt,
            sampling: SamplingParameters(
                temperature: 0.5, topK: 40, seed: .max, maximumTokens: nil, stop: ["\n\n", "ä"],
                ignoresEndOfSequence: true),
            generated: [1, -1, 200_000])
    }

    @Test("Chats and texts read back with all their parameters")
    func roundTrip() throws {
        let prompts: [Prompt] = [
            .chat([ChatMessage(role: "system", content: ""), ChatMessage(role: "user", content: "héllo")]),
            .text("plain", parsesControlTokens: false), .text("<|x|>", parsesControlTokens: true),
        ]
        for prompt in prompts {
            let original = submission(prompt: prompt)
            #expect(try TaskSubmission(decoding: original.encoded()) == original)
        }
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

    @Test("A temperature outside its range is refused", arguments: [-1, 2.5, Float.nan, .infinity])
    func temperature(value: Float) {
        var original = submission(prompt: .text("x", parsesControlTokens: false))
        original.sampling.temperature = value
        let bytes = original.encoded()
        #expect(throws: FrameError.outOfRange(field: "temperature")) { try TaskSubmission(decoding: bytes) }
    }

    @Test("Counts that promise more than there is are refused")
    func counts() {
        var bytes = submission(prompt: .text("x", parsesControlTokens: false)).encoded()
        // The count of generated tokens stands 16 bytes before the prompt's form byte: 3 tokens and itself.
        let count = bytes.count - (1 + 4 + 1) - 16
        bytes[count] = 0xff
        #expect(throws: FrameError.self) { try TaskSubmission(decoding: bytes) }
    }
}
