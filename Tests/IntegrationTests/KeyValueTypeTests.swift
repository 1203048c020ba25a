// SPDX-License-Identifier: Apache-2.0
import Messages
import TestSupport
import Testing

extension Integration {
    @Suite("Keys and values in 8 bits")
    struct KeyValueTypeTests {
        @Test("A node that keeps them so answers, alone and beside others, with the same text")
        func bytes() async throws {
            try await DeepFlowFixture.with(startsAll: false) { fixture in
                fixture.nodeOptions = ["--kv-type", "q8_0"]
                try fixture.startAll()
                let alone = try await fixture.api.stream(Self.question)
                #expect(alone.error == nil)
                #expect(alone.completionTokens == 80)
                let api = fixture.api
                async let first = api.stream(Self.question)
                async let second = api.stream(Self.question)
                #expect(try await first.text == alone.text)
                #expect(try await second.text == alone.text)
            }
        }

        @Test("A type that there is not is refused with those that there are")
        func unknownType() throws {
            let run = try CommandRun(BuiltExecutable.path("deepflow-noded"), ["--kv-type", "q4_0"])
            #expect(run.exitCode == 64)
            #expect(run.errors.contains("q8_0"), "\(run.errors)")
        }

        private static var question: [String: Any] {
            [
                "model": DeepFlowFixture.model, "temperature": 0, "max_tokens": 80, "ignore_eos": true,
                "messages": [["role": "user", "content": "What is DeepFlow?"]],
            ]
        }
    }
}
