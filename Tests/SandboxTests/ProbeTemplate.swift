// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc
import LinuxKernel
import Messages
import ServingModel
import TestSupport
import Testing

/// The probe as a template, with the test in the keeper's place: its children are the test's own.
final class ProbeTemplate {
    let keeperEnd: PacketSocket
    let process: ProcessHandle

    init() throws {
        var ends = try PacketSocket.pair()
        let theirs = ends.takeSecond()
        keeperEnd = ends.takeFirst()
        process = try ProcessLaunch(
            executable: BuiltExecutable.path("sandbox-probe"), arguments: ["template"], environment: ["LD_BIND_NOW=1"],
            descriptors: [nil, STDERR_FILENO, STDERR_FILENO, theirs.descriptor.rawValue]
        ).start()
        _ = consume theirs
        let first = try hear()
        guard first == .ready else { throw ProbeFailure.unexpected("\(first)") }
    }

    deinit {
        try? process.send(signal: SIGKILL)
        _ = try? process.reap(waits: true)
    }

    private func hear() throws -> FromTemplate {
        var buffer = [UInt8](repeating: 0, count: PacketSocket.maximumPacketSize)
        let result = try buffer.withUnsafeMutableBytes { try keeperEnd.receive(into: $0) }
        guard case .packet(let count) = result else { throw ProbeFailure.unexpected("\(result)") }
        return try buffer.prefix(count).withUnsafeBytes { try FromTemplate(decoding: $0) }
    }

    /// Forks one confined child.
    func fork() throws -> ProbeInstance {
        let settings = InstanceSettings(keyValueBytes: 65_536, rankCount: 1, maximumTasks: 1)
        let segment = try MemoryFile.sealed(name: "probe-kv", byteCount: 65_536)
        var ends = try PacketSocket.pair()
        let theirs = ends.takeSecond()
        let id = InstanceID.random()
        let given = [theirs.descriptor.rawValue, segment.rawValue, STDERR_FILENO]
        _ = try ToTemplate.fork(id, settings).encoded().withUnsafeBytes {
            try keeperEnd.send($0, descriptors: given)
        }
        _ = consume theirs
        guard case .forked(id, let number) = try hear() else { throw ProbeFailure.unexpected("no child") }
        return ProbeInstance(channel: ends.takeFirst(), process: try ProcessHandle(ofChild: number))
    }
}

/// A confined child that attempts what it is told.
final class ProbeInstance {
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

    /// `RESULT ERRNO`, or how the child ended instead.
    func attempt(_ name: String) throws -> String {
        _ = try Array(name.utf8).withUnsafeBytes { try channel.send($0) }
        var buffer = [UInt8](repeating: 0, count: 100)
        let result = try buffer.withUnsafeMutableBytes { try channel.receive(into: $0) }
        guard case .packet(let count) = result else {
            return try process.reap(waits: true)?.description ?? "alive"
        }
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }

    /// Answers once it is past its sandbox: used before looking at it from outside.
    func waitUntilConfined() throws {
        _ = try attempt("plainMapping")
    }
}

enum ProbeFailure: Error {
    case unexpected(String)
}
