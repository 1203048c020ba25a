// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import LinuxKernel
import Messages
import ServingModel
import TestSupport
import Testing

@testable import TemplateProcess

extension TestTemplate {
    /// `flowserve template` on a tiny model.
    fileprivate static func tiny() throws -> TestTemplate {
        let artefact = try MemoryFile.unsealed(name: "artefact")
        let model = try TinyServingModel()
        try withExtendedLifetime(model) { try artefact.writeAll(model.bytes) }
        return try TestTemplate("flowserve", artefact: artefact.rawValue)
    }

    fileprivate func fork(ranks: Int = 1) throws -> TestInstance {
        try fork(InstanceSettings(keyValueBytes: 4 << 20, rankCount: ranks, maximumTasks: 8))
    }
}

extension TestInstance {
    fileprivate func send(_ message: ToInstance) throws {
        _ = try message.encoded().withUnsafeBytes { try channel.send($0) }
    }

    fileprivate func receive() throws -> FromInstance {
        try channel.receivePacket { try FromInstance(decoding: $0) }
    }

    /// Submits a prompt and collects the ids of its answer until it ends.
    fileprivate func answer(_ text: String, tokens: Int, generated: [Int32] = []) throws -> [Int32] {
        let task = TaskID.random()
        let sampling = SamplingParameters(
            temperature: 1, seed: 11, maximumTokens: tokens, ignoresEndOfSequence: true)
        let submission = TaskSubmission(
            task: task, work: .answer(.text(text, parsesControlTokens: false), sampling), delivered: generated.count,
            generated: generated)
        for part in ToInstance.submission(submission) { try send(part) }
        var ids: [Int32] = []
        while true {
            switch try receive() {
            case .tokens(let tokens): ids += tokens.filter { $0.task == task }.map(\.token.id)
            case .finished(task, _): return ids
            case .failed(task, let failure, let message):
                Issue.record("\(failure): \(message)")
                return ids
            default: break
            }
        }
    }
}

@Suite("A template and its instances", .serialized)
struct TemplateInstanceTests {
    @Test("An instance is ready, confined and answers")
    func answer() throws {
        let instance = try TestTemplate.tiny().fork()
        guard case .ready(let start) = try instance.receive() else {
            Issue.record("not ready")
            return
        }
        #expect(start.missingSandboxSteps.isEmpty)
        #expect(try instance.answer("hello", tokens: 20).count == 20)
    }

    @Test("Every instance of a template gives the same answer, whatever its ranks, and so does a continued one")
    func sameAnswer() throws {
        let template = try TestTemplate.tiny()
        let first = try template.fork(ranks: 1).answer("hello world", tokens: 30)
        let second = try template.fork(ranks: 2)
        #expect(try second.answer("hello world", tokens: 30) == first)
        let rest = try template.fork().answer("hello world", tokens: 30, generated: Array(first.prefix(12)))
        #expect(rest == Array(first.dropFirst(12)))
    }

    @Test("A drained instance exits with status 0, and so does one whose channel is closed")
    func endings() throws {
        let template = try TestTemplate.tiny()
        let drained = try template.fork()
        try drained.send(.drain)
        #expect(try drained.process.reap(waits: true) == .exited(code: 0))
    }

    @Test("A malformed frame ends the instance with status 70, not its template")
    func malformed() throws {
        let template = try TestTemplate.tiny()
        let instance = try template.fork()
        _ = try [UInt8](repeating: 1, count: 9).withUnsafeBytes { try instance.channel.send($0) }
        #expect(try instance.process.reap(waits: true) == .exited(code: 70))
        #expect(try template.fork().answer("x", tokens: 2).count == 2)
    }

    @Test("A damaged artefact is refused with a sentence, and nothing is forked")
    func damaged() throws {
        let artefact = try MemoryFile.unsealed(name: "artefact")
        try [UInt8](repeating: 7, count: 8192).withUnsafeBytes { try artefact.writeAll($0) }
        let template = try TestTemplate(prewarmed: "flowserve")
        try template.order(.load(name: "damaged"), descriptors: [artefact.rawValue])
        guard case .failed(let message) = try template.receive() else {
            Issue.record("no complaint")
            return
        }
        #expect(message.count > 10)
        #expect(try template.process.reap(waits: true) == .exited(code: 65))
    }

    @Test("Lists of processes show template and instance by what they are")
    func titles() throws {
        let template = try TestTemplate.tiny()
        #expect(try Self.listed(template.process.processID) == ["flowserve", "flowserve template test"])
        let instance = try template.fork()
        // Ready, so that its first moments are over.
        _ = try instance.receive()
        #expect(
            try Self.listed(instance.process.processID) == ["flowserve", "flowserve instance test \(instance.id)"])
        #expect(try Self.listed(template.process.processID)[1] == "flowserve template test")
    }

    /// Name and command line, as the kernel tells them to everybody.
    private static func listed(_ process: Int32) throws -> [String] {
        try ["comm", "cmdline"].map { file in
            let text = try String(contentsOfFile: "/proc/\(process)/\(file)", encoding: .utf8)
            return text.trimmingCharacters(in: ["\n", "\0"])
        }
    }

    @Test("A fork order with other descriptors than its tags say is refused, and ends the template")
    func descriptorsOfAnotherNumber() throws {
        let template = try TestTemplate.tiny()
        let settings = InstanceSettings(keyValueBytes: 4096, rankCount: 1, maximumTasks: 1)
        try template.order(
            .fork([.random()], descriptors: ForkDescriptor.allCases, settings), descriptors: [STDERR_FILENO])
        #expect(try template.process.reap(waits: true) == .exited(code: 70))
    }

    @Test("The count of threads is read from the kernel")
    func threads() throws {
        #expect(try ThreadCount().current() >= 1)
    }
}
