// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxKernel
import Messages
import ServingModel
import TestSupport
import Testing

@testable import TemplateProcess

/// `flowserve template` as the keeper starts it, on a tiny model, with the test in keeper's and daemon's place.
private final class TemplateFixture {
    let keeperEnd: PacketSocket
    let process: ProcessHandle
    let model: TinyServingModel

    init() throws {
        model = try TinyServingModel()
        var ends = try PacketSocket.pair()
        let theirs = ends.takeSecond()
        keeperEnd = ends.takeFirst()
        let artefact = try MemoryFile.unsealed(name: "artefact")
        try artefact.writeAll(model.bytes)
        process = try ProcessLaunch(
            executable: BuiltExecutable.path("flowserve"), arguments: ["template"], environment: ["LD_BIND_NOW=1"],
            descriptors: [nil, STDERR_FILENO, STDERR_FILENO, theirs.descriptor.rawValue, artefact.rawValue]
        ).start()
        _ = consume theirs
        #expect(try hear() == .ready)
    }

    deinit {
        try? process.send(signal: SIGKILL)
        _ = try? process.reap(waits: true)
    }

    func hear() throws -> FromTemplate {
        var buffer = [UInt8](repeating: 0, count: PacketSocket.maximumPacketSize)
        let result = try buffer.withUnsafeMutableBytes { try keeperEnd.receive(into: $0) }
        guard case .packet(let count) = result else { throw Ended() }
        return try buffer.prefix(count).withUnsafeBytes { try FromTemplate(decoding: $0) }
    }

    func fork(ranks: Int = 1) throws -> InstanceFixture {
        let settings = InstanceSettings(keyValueBytes: 4 << 20, rankCount: ranks, maximumTasks: 8)
        let segment = try MemoryFile.sealed(name: "kv", byteCount: Int(settings.keyValueBytes))
        var ends = try PacketSocket.pair()
        let theirs = ends.takeSecond()
        let id = InstanceID.random()
        let given = [theirs.descriptor.rawValue, segment.rawValue, STDERR_FILENO]
        _ = try ToTemplate.fork(id, settings).encoded().withUnsafeBytes {
            try keeperEnd.send($0, descriptors: given)
        }
        _ = consume theirs
        guard case .forked(id, let number) = try hear() else { throw Ended() }
        return InstanceFixture(channel: ends.takeFirst(), process: try ProcessHandle(ofChild: number))
    }
}

private struct Ended: Error {}

/// A forked instance and its channel.
private final class InstanceFixture {
    let channel: PacketSocket
    let process: ProcessHandle

    init(channel: consuming PacketSocket, process: consuming ProcessHandle) {
        self.channel = channel
        self.process = process
    }

    deinit {
        try? process.send(signal: SIGKILL)
        _ = try? process.reap(waits: true)
    }

    func tell(_ message: ToInstance) throws {
        _ = try message.encoded().withUnsafeBytes { try channel.send($0) }
    }

    func hear() throws -> FromInstance {
        var buffer = [UInt8](repeating: 0, count: PacketSocket.maximumPacketSize)
        let result = try buffer.withUnsafeMutableBytes { try channel.receive(into: $0) }
        guard case .packet(let count) = result else { throw Ended() }
        return try buffer.prefix(count).withUnsafeBytes { try FromInstance(decoding: $0) }
    }

    /// Submits a prompt and collects the ids of its answer until it ends.
    func answer(_ text: String, tokens: Int, generated: [Int32] = []) throws -> [Int32] {
        let task = TaskID.random()
        let sampling = SamplingParameters(
            temperature: 1, seed: 11, maximumTokens: tokens, ignoresEndOfSequence: true)
        let submission = TaskSubmission(
            task: task, prompt: .text(text, parsesControlTokens: false), sampling: sampling, generated: generated)
        for part in ToInstance.submission(submission) { try tell(part) }
        var ids: [Int32] = []
        while true {
            switch try hear() {
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
        let instance = try TemplateFixture().fork()
        guard case .ready(let start) = try instance.hear() else {
            Issue.record("not ready")
            return
        }
        #expect(start.missingSandboxSteps.isEmpty)
        #expect(try instance.answer("hello", tokens: 20).count == 20)
    }

    @Test("Every instance of a template gives the same answer, whatever its ranks, and so does a continued one")
    func sameAnswer() throws {
        let template = try TemplateFixture()
        let first = try template.fork(ranks: 1).answer("hello world", tokens: 30)
        let second = try template.fork(ranks: 2)
        #expect(try second.answer("hello world", tokens: 30) == first)
        let rest = try template.fork().answer("hello world", tokens: 30, generated: Array(first.prefix(12)))
        #expect(rest == Array(first.dropFirst(12)))
    }

    @Test("A drained instance exits with status 0, and so does one whose channel is closed")
    func endings() throws {
        let template = try TemplateFixture()
        let drained = try template.fork()
        try drained.tell(.drain)
        #expect(try drained.process.reap(waits: true) == .exited(code: 0))
    }

    @Test("A malformed frame ends the instance with status 70, not its template")
    func malformed() throws {
        let template = try TemplateFixture()
        let instance = try template.fork()
        _ = try [UInt8](repeating: 1, count: 9).withUnsafeBytes { try instance.channel.send($0) }
        #expect(try instance.process.reap(waits: true) == .exited(code: 70))
        #expect(try template.fork().answer("x", tokens: 2).count == 2)
    }

    @Test("A damaged artefact is refused with a sentence, and nothing is forked")
    func damaged() throws {
        var ends = try PacketSocket.pair()
        let theirs = ends.takeSecond()
        let mine = ends.takeFirst()
        let artefact = try MemoryFile.unsealed(name: "artefact")
        try [UInt8](repeating: 7, count: 8192).withUnsafeBytes { try artefact.writeAll($0) }
        let process = try ProcessLaunch(
            executable: BuiltExecutable.path("flowserve"), arguments: ["template"],
            descriptors: [nil, nil, nil, theirs.descriptor.rawValue, artefact.rawValue]
        ).start()
        _ = consume theirs
        var buffer = [UInt8](repeating: 0, count: 8192)
        let result = try buffer.withUnsafeMutableBytes { try mine.receive(into: $0) }
        guard case .packet(let count) = result,
            case .failed(let message) = try buffer.prefix(count).withUnsafeBytes({ try FromTemplate(decoding: $0) })
        else {
            Issue.record("no complaint: \(result)")
            return
        }
        #expect(message.count > 10)
        #expect(try process.reap(waits: true) == .exited(code: 65))
    }

    @Test("The count of threads is read from the kernel")
    func threads() throws {
        #expect(try ThreadCount().current() >= 1)
    }
}
