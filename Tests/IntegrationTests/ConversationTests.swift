// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import LinuxKernel
import Messages
import ServingModel
import TestSupport
import Testing

extension Integration {
    @Suite("Conversations, and what models read", .runningServer)
    struct ConversationTests {
        private let fixture: DeepFlowFixture

        init() throws {
            fixture = try #require(DeepFlowFixture.current)
        }

        /// The program on a terminal of its own.
        private struct Terminal: ~Copyable {
            let process: ProcessHandle
            let end: OwnedDescriptor

            init(_ arguments: [String]) throws {
                let end = try OwnedDescriptor.open("/dev/ptmx", O_RDWR | O_NOCTTY)
                let other = try OwnedDescriptor.open(Self.otherEnd(of: end.rawValue), O_RDWR | O_NOCTTY)
                process = try ProcessLaunch(
                    executable: BuiltExecutable.path("deepflow"), arguments: arguments,
                    descriptors: [other.rawValue, other.rawValue, other.rawValue]
                ).start()
                self.end = end
            }

            /// Unlocks the other end of a pseudo-terminal and returns its path.
            private static func otherEnd(of end: Int32) throws -> String {
                let (unlock, numberOf): (UInt, UInt) = (0x4004_5431, 0x8004_5430)  // TIOCSPTLCK, TIOCGPTN
                var isLocked: Int32 = 0
                var number: Int32 = 0
                try #require(ioctl(end, unlock, &isLocked) == 0)
                try #require(ioctl(end, numberOf, &number) == 0)
                return "/dev/pts/\(number)"
            }

            /// Everything up to and with these words.
            func read(to words: String) throws -> String {
                var text: [UInt8] = []
                var part = [UInt8](repeating: 0, count: 4096)
                while !String(decoding: text, as: UTF8.self).contains(words) {
                    let count = Glibc.read(end.rawValue, &part, part.count)
                    try #require(count > 0, "the program ended after: \(String(decoding: text, as: UTF8.self))")
                    text += part.prefix(count)
                }
                return String(decoding: text, as: UTF8.self)
            }

            func type(_ line: String) {
                let bytes = Array((line + "\n").utf8)
                #expect(Glibc.write(end.rawValue, bytes, bytes.count) == bytes.count)
            }
        }

        @Test("run without a prompt is a conversation that remembers, forgets and ends")
        func conversation() throws {
            let terminal = try Terminal([
                "run", DeepFlowFixture.model, "--temperature", "0", "--socket", fixture.adminSocket,
            ])
            _ = try terminal.read(to: ">>> ")
            terminal.type("What is a template?")
            let first = try terminal.read(to: ">>> ")
            #expect(first.count > 40, "\(first)")
            terminal.type("/clear")
            #expect(try terminal.read(to: ">>> ").contains("forgotten"))
            terminal.type("What is a template?")
            #expect(try terminal.read(to: ">>> ") == first)
            terminal.type("/bye")
            #expect(try terminal.process.end(withinSeconds: 60) == .exited(code: 0))
        }

        @Test("Ctrl-C at the prompt ends a conversation")
        func interrupted() throws {
            let terminal = try Terminal(["run", DeepFlowFixture.model, "--socket", fixture.adminSocket])
            _ = try terminal.read(to: ">>> ")
            try terminal.process.send(signal: SIGINT)
            #expect(try terminal.process.end(withinSeconds: 60) == .exited(code: 130))
        }

        @Test("--show-prompt prints what the template makes of a question")
        func shownPrompt() throws {
            let run = try fixture.deepflow([
                "run", DeepFlowFixture.model, "Hello!", "--system", "Be kind.", "--show-prompt",
            ])
            #expect(
                run.output == "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHello!<|im_end|>\n"
                    + "<|im_start|>assistant\n", "\(run.errors)")
        }

        @Test("Tokens of a text become the text again; a conversation's are counted by message")
        func tokens() async throws {
            let text = "Hello, wörld! 😀 <|im_end|>"
            let list = try await fixture.api.post(
                SchedulerRoutes.tokenize, ["model": DeepFlowFixture.model, "prompt": text, "return_token_strs": true]
            ).object
            let tokens = try #require(list["tokens"] as? [Int])
            #expect(list["count"] as? Int == tokens.count)
            #expect((list["token_strs"] as? [String])?.joined() == text)
            let again = try await fixture.api.post(
                SchedulerRoutes.detokenize, ["model": DeepFlowFixture.model, "tokens": tokens]
            ).object
            #expect(again["prompt"] as? String == text)
            let empty = try await fixture.api.post(
                SchedulerRoutes.tokenize, ["model": DeepFlowFixture.model, "prompt": ""]
            ).object
            #expect(empty["count"] as? Int == 0 && (empty["tokens"] as? [Int])?.isEmpty == true)
            let plain = try await fixture.api.post(
                SchedulerRoutes.tokenize,
                ["model": DeepFlowFixture.model, "prompt": "Hello, wörld! 😀"]
            ).object
            let back = try await fixture.api.post(
                SchedulerRoutes.detokenize, ["model": DeepFlowFixture.model, "tokens": plain["tokens"] ?? []]
            ).object
            #expect(back["prompt"] as? String == "Hello, wörld! 😀")
            let messages = [["role": "user", "content": "Hello!"], ["role": "assistant", "content": "Hi."]]
            let chat = try await fixture.api.post(
                SchedulerRoutes.tokenize,
                ["model": DeepFlowFixture.model, "messages": messages, "add_generation_prompt": false]
            ).object
            let counts = try #require(chat["message_tokens"] as? [Int])
            #expect(counts.count == 2 && counts.reduce(0, +) == chat["count"] as? Int)
        }
    }
}
