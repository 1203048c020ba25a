// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import LinuxKernel
import Messages
import ServingModel
import TestSupport
import Testing

extension Integration {
    @Suite("What hangs or is damaged is replaced, what stops ends its work")
    struct DamageTests {
        private static var question: [String: Any] {
            [
                "model": DeepFlowFixture.model, "temperature": 0, "max_tokens": 400, "ignore_eos": true,
                "messages": [["role": "user", "content": "Tell me all about DeepFlow."]],
            ]
        }

        @Test("An instance that hangs in mid-answer is killed; the text goes on as the undisturbed one")
        func hungInstance() async throws {
            try await DeepFlowFixture.with(startsAll: false) { fixture in
                fixture.nodeOptions = ["--answer-timeout", "1s"]
                try fixture.startAll()
                let undisturbed = try await fixture.api.stream(Self.question)
                // An instance is faster than its reader: it can be done before it is stopped, but not every time.
                for attempt in 1...20 {
                    if try await Self.isReplacedWhenHung(fixture, undisturbed) { break }
                    #expect(attempt < 20, "no instance was stopped in mid-answer")
                }
            }
        }

        /// Stops the instance of an answer and checks what came; false where the answer was whole before.
        private static func isReplacedWhenHung(
            _ fixture: DeepFlowFixture, _ undisturbed: StreamedAnswer
        ) async throws -> Bool {
            var hung: Int32?
            let disturbed = try await fixture.api.stream(question) { part in
                guard part == 10 else { return }
                let instances: [NodeInstance] = try await fixture.api.get(SchedulerRoutes.instances)
                guard let busy = instances.map(\.instance).first(where: { $0.state == .busy }) else { return }
                hung = busy.processID
                #expect(kill(busy.processID, SIGSTOP) == 0)
            }
            #expect(disturbed.error == nil)
            #expect(disturbed.text == undisturbed.text)
            #expect(disturbed.completionTokens == 400)
            guard let hung else { return false }
            if try await fixture.api.finalRecord(of: disturbed.job).tasks.count == 1 {
                #expect(kill(hung, SIGKILL) == 0)
                return false
            }
            #expect(!ForeignProcess.isRunning(hung))
            return true
        }

        @Test("A keeper that hangs is killed and replaced, and a request that waits for it is answered")
        func hungKeeper() async throws {
            try await Self.expectReplacedKeeper { _ in }
        }

        @Test("A keeper that hangs when its node comes back is killed and replaced before it has said a word")
        func silentKeeper() async throws {
            try await Self.expectReplacedKeeper { try $0.replaceNode() }
        }

        /// Stops the keeper, has something happen, and checks that a request is answered by another keeper.
        private static func expectReplacedKeeper(meanwhile: (DeepFlowFixture) throws -> Void) async throws {
            try await DeepFlowFixture.with(startsAll: false) { fixture in
                fixture.nodeOptions = ["--answer-timeout", "1s"]
                try fixture.startAll()
                let nodes: [NodeListing] = try await fixture.api.get(SchedulerRoutes.nodes)
                let keeper = try #require(nodes.first?.status?.keeperProcessID)
                #expect(kill(keeper, SIGSTOP) == 0)
                try meanwhile(fixture)
                let answer = try await fixture.api.stream(question)
                #expect(answer.error == nil)
                #expect(answer.completionTokens == 400, "\(answer)")
                #expect(!ForeignProcess.isRunning(keeper))
                let after: [NodeListing] = try await fixture.api.get(SchedulerRoutes.nodes)
                #expect(after.first?.status?.keeperProcessID != keeper)
            }
        }

        @Test("Adding a model again mends its damaged file, also for the processes that had it mapped")
        func mendedModel() async throws {
            try await DeepFlowFixture.with { fixture in
                let before = try await fixture.api.stream(Self.question)
                let blobs = fixture.stateDirectory + "/node/local/models/blobs"
                let name = try #require(try FileManager.default.contentsOfDirectory(atPath: blobs).first)
                try Self.damage(blobs + "/" + name)
                let damaged = try await fixture.api.stream(Self.question)
                #expect(damaged.text != before.text, "the damage shows")
                let verified = try fixture.deepflow(["model", "verify", DeepFlowFixture.model])
                #expect(verified.exitCode == 1)
                #expect(verified.errors.contains("is damaged: the checksum of tensor "), "\(verified.errors)")
                let run = try fixture.deepflow(["model", "add", DeepFlowFixture.model, DeepFlowFixture.checkpoint])
                #expect(run.isSuccess, "\(run.errors)")
                let after = try await fixture.api.stream(Self.question)
                #expect(after.error == nil)
                #expect(after.text == before.text)
            }
        }

        @Test("A node that is stopped together with its instances lets a running answer end first")
        func drainedNode() async throws {
            try await DeepFlowFixture.with { fixture in
                let undisturbed = try await fixture.api.stream(Self.question)
                let node = try #require(fixture.node).processID
                let answer = try await fixture.api.stream(Self.question) { part in
                    if part == 10 { #expect(kill(node, SIGTERM) == 0) }
                }
                #expect(answer.error == nil)
                #expect(answer.text == undisturbed.text)
                let record = try await fixture.api.finalRecord(of: answer.job)
                #expect(record.tasks.count == 1)
            }
        }

        /// Overwrites the middle half of a file in its place.
        private static func damage(_ path: String) throws {
            #expect(chmod(path, 0o644) == 0)
            let file = try OwnedDescriptor.open(path, O_RDWR)
            let size = try file.fileSize()
            let garbage = [UInt8](repeating: 0x3B, count: size / 2)
            let count = pwrite(file.rawValue, garbage, garbage.count, off_t(size / 4))
            #expect(count == garbage.count)
        }
    }
}
