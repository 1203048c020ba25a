// SPDX-License-Identifier: Apache-2.0
import Glibc
package import LinuxKernel
package import Messages
import Sandbox
package import ServingModel

/// A template process with the test in its keeper's place: its children are the test's own.
package final class TestTemplate {
    package let process: ProcessHandle
    private let keeperEnd: PacketSocket
    private let listener: CallListener?

    /// Starts `executable template` and waits until it is confined.
    package init(prewarmed executable: String) throws {
        var ends = try PacketSocket.pair()
        let theirs = ends.takeSecond()
        keeperEnd = ends.takeFirst()
        // As a keeper does: a root's template becomes somebody of its own.
        let identity = geteuid() == 0 ? ["--identity", ProcessIdentity.own(1).text] : []
        process = try ProcessLaunch(
            executable: BuiltExecutable.path(executable), arguments: ["template"] + identity,
            environment: ["LD_BIND_NOW=1", "FLOWSERVE_TITLE=" + String(repeating: "-", count: 192)],
            descriptors: [nil, STDERR_FILENO, STDERR_FILENO, theirs.descriptor.rawValue]
        ).start()
        _ = consume theirs
        var received = ReceivedDescriptors()
        let first = try keeperEnd.receivePacket(descriptors: &received) { try FromTemplate(decoding: $0) }
        if let descriptor = received.takeFirst() {
            listener = CallListener(owning: descriptor)
        } else {
            listener = nil
        }
        guard case .confined = first else { throw UnexpectedMessage(description: "\(first)") }
    }

    /// Gives it an artefact (an empty file where there is none), too, and waits until it serves.
    package convenience init(_ executable: String, artefact: CInt? = nil) throws {
        try self.init(prewarmed: executable)
        let empty = try MemoryFile.sealed(name: "artefact", byteCount: 4096)
        try order(.load(name: "test"), descriptors: [artefact ?? empty.rawValue])
        let loaded = try receive()
        guard case .ready = loaded else { throw UnexpectedMessage(description: "\(loaded)") }
    }

    deinit {
        try? process.send(signal: SIGKILL)
        _ = try? process.reap(waits: true)
    }

    /// Orders a fork and returns the child.
    package func fork(_ settings: InstanceSettings) throws -> TestInstance {
        let memory = try MemoryFile.sealed(name: "test-kv", byteCount: Int(settings.keyValueBytes))
        let crashPage = try MemoryFile.sealed(name: "test-crash", byteCount: CrashPage.byteCount)
        var ends = try PacketSocket.pair()
        let theirs = ends.takeSecond()
        let id = InstanceID.random()
        let tags: [ForkDescriptor] = [.crashPage, .channel, .keyValueMemory, .errorOutput]
        let given = [crashPage.rawValue, theirs.descriptor.rawValue, memory.rawValue, STDERR_FILENO]
        try order(.fork([id], descriptors: tags, settings), descriptors: given)
        _ = consume theirs
        try allowFork()
        let answer = try receive()
        guard case .forked(id, let number) = answer else { throw UnexpectedMessage(description: "\(answer)") }
        return TestInstance(id: id, channel: ends.takeFirst(), process: try ProcessHandle(ofChild: number))
    }

    /// Sends an order as its keeper would.
    package func order(_ order: ToTemplate, descriptors: [CInt]) throws {
        _ = try order.encoded().withUnsafeBytes { try keeperEnd.send($0, descriptors: descriptors) }
    }

    /// As the keeper does: the one fork that was ordered goes on, anything else is a failure of the test.
    private func allowFork() throws {
        guard let listener = listener?.descriptor.rawValue else { return }
        var sources = [
            pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
            pollfd(fd: keeperEnd.descriptor.rawValue, events: Int16(POLLIN), revents: 0),
        ]
        try systemCall("poll") { poll(&sources, 2, -1) }
        guard sources[0].revents != 0, let call = try self.listener?.receive() else { return }
        guard call.isFork else { throw UnexpectedMessage(description: "\(call)") }
        self.listener?.allow(call)
    }

    /// The next thing that it says.
    package func receive() throws -> FromTemplate {
        try keeperEnd.receivePacket { try FromTemplate(decoding: $0) }
    }
}

/// A forked child and the test's end of its channel.
package final class TestInstance {
    package let id: InstanceID
    package let channel: PacketSocket
    package let process: ProcessHandle

    init(id: InstanceID, channel: consuming PacketSocket, process: consuming ProcessHandle) {
        self.id = id
        self.channel = channel
        self.process = process
    }

    deinit {
        try? process.send(signal: SIGKILL)
        _ = try? process.reap(waits: true)
    }

    /// Sends a probe one attempt: its answer `RESULT ERRNO`, or how the child ended instead.
    package func attempt(_ name: String) throws -> String {
        try channel.attempt(name) ?? process.reap(waits: true)?.description ?? "alive"
    }
}

extension PacketSocket {
    /// Waits for one packet and decodes it; the end of the connection is an error.
    package borrowing func receivePacket<Message>(_ decode: (UnsafeRawBufferPointer) throws -> Message) throws
        -> Message
    {
        var none = ReceivedDescriptors()
        return try receivePacket(descriptors: &none, decode)
    }

    /// The same with the descriptors that came along.
    package borrowing func receivePacket<Message>(
        descriptors: inout ReceivedDescriptors, _ decode: (UnsafeRawBufferPointer) throws -> Message
    ) throws -> Message {
        var buffer = [UInt8](repeating: 0, count: PacketSocket.maximumPacketSize)
        let result = try buffer.withUnsafeMutableBytes { try receive(into: $0, descriptors: &descriptors) }
        guard case .packet(let count) = result else { throw UnexpectedMessage(description: "\(result)") }
        return try buffer.prefix(count).withUnsafeBytes(decode)
    }

    /// Sends a probe one attempt; nil where the connection ended instead of an answer.
    package borrowing func attempt(_ name: String) throws -> String? {
        _ = try Array(name.utf8).withUnsafeBytes { try send($0) }
        return try? receivePacket { String(decoding: $0, as: UTF8.self) }
    }
}

/// Something else came than what the test waited for.
package struct UnexpectedMessage: Error, CustomStringConvertible {
    package let description: String
}
