// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxKernel
import Messages
import ServingModel
import TestSupport
import Testing

/// A real keeper in a scratch directory, whose engine is the probe: its instances answer attempts instead of prompts.
final class KeeperFixture {
    let scratch: ScratchDirectory
    let process: ProcessHandle
    let socketPath: String

    init(engine: String = BuiltExecutable.path("sandbox-probe")) throws {
        scratch = try ScratchDirectory()
        socketPath = scratch.path + "/k.sock"
        let watch = try DirectoryWatch(scratch.path)
        process = try ProcessLaunch(
            executable: BuiltExecutable.path("deepflow-keeper"),
            arguments: ["--socket", socketPath, "--engine", engine],
            descriptors: [nil, STDERR_FILENO, STDERR_FILENO]
        ).start()
        try waitUntilAnswering(watch)
    }

    /// Waits until daemons can attach.
    func waitUntilAnswering() throws {
        try waitUntilAnswering(DirectoryWatch(scratch.path))
    }

    /// A socket's file appears a moment before it listens: a refusal is tried again at the next event, or soon.
    private func waitUntilAnswering(_ watch: borrowing DirectoryWatch) throws {
        while !UnixSocket.isAnswering(socketPath, kind: .packet) {
            var event = pollfd(fd: watch.descriptor.rawValue, events: Int16(POLLIN), revents: 0)
            guard poll(&event, 1, 50) >= 0 else { throw SystemCallError("poll") }
            watch.clear()
        }
    }

    /// A socket of another keeper, open as long as the fixture.
    var otherKeeper: OwnedDescriptor?

    deinit {
        try? process.send(signal: SIGTERM)
        _ = try? process.reap(waits: true)
    }
}

/// The test in a node daemon's place.
final class TestDaemon {
    let socket: PacketSocket
    private var lastDescriptor: OwnedDescriptor?

    init(_ keeper: KeeperFixture) throws {
        socket = PacketSocket(owning: try UnixSocket.connect(to: keeper.socketPath, kind: .packet))
        // A keeper that says nothing fails the test instead of holding it up.
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(
            socket.descriptor.rawValue, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    func order(_ order: ToKeeper, descriptor: CInt? = nil) throws {
        _ = try order.encoded().withUnsafeBytes {
            try socket.send($0, descriptors: descriptor.map { [$0] } ?? [])
        }
    }

    /// The next event, what the keeper tells of the sandbox apart; its descriptor, if any, is kept for `takeChannel`.
    func hear() throws -> FromKeeper {
        while true {
            let event = try hearAnything()
            if case .sandbox = event { continue }
            return event
        }
    }

    private func hearAnything() throws -> FromKeeper {
        var buffer = [UInt8](repeating: 0, count: PacketSocket.maximumPacketSize)
        var descriptors = ReceivedDescriptors()
        let result = try buffer.withUnsafeMutableBytes { try socket.receive(into: $0, descriptors: &descriptors) }
        guard case .packet(let count) = result else { throw Silence(result: result) }
        if let descriptor = descriptors.takeFirst() { lastDescriptor = consume descriptor }
        return try buffer.prefix(count).withUnsafeBytes { try FromKeeper(decoding: $0) }
    }

    func takeChannel() throws -> PacketSocket {
        guard let descriptor = lastDescriptor.take() else { throw Silence(result: .nothing) }
        return PacketSocket(owning: descriptor)
    }

    /// Greets a fresh keeper and starts a template.
    func startTemplate() throws -> TemplateID {
        try order(.hello)
        #expect(try isWelcome(hear()))
        #expect(try hear() == .blanks(0))
        #expect(try hear() == .stateComplete)
        let template = TemplateID.random()
        let artefact = try MemoryFile.sealed(name: "artefact", byteCount: 4096)
        try order(.startTemplate(template, model: "probe"), descriptor: artefact.rawValue)
        guard case .templateStarting(template, "probe", _) = try hear() else { throw Silence(result: .nothing) }
        guard case .templateReady(template, _) = try hear() else { throw Silence(result: .nothing) }
        return template
    }

    func isWelcome(_ event: FromKeeper) -> Bool {
        if case .welcome = event { return true }
        return false
    }

    /// Forks an instance and returns its process number; its channel waits in `takeChannel`.
    func fork(_ id: InstanceID, from template: TemplateID) throws -> Int32 {
        let settings = InstanceSettings(keyValueBytes: 65_536, rankCount: 1, maximumTasks: 1)
        try order(.fork([id], template: template, settings))
        guard case .instanceRunning(id, let running) = try hear() else { throw Silence(result: .nothing) }
        #expect(running.settings == settings)
        return running.processID
    }
}

/// The keeper did not say what it should have.
struct Silence: Error {
    let result: PacketSocket.ReceiveResult
}
