// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxKernel
import Messages
import ServingModel
import Testing

@testable import NodeDaemon

/// A keeper and instances at the other ends of socket pairs.
@Suite struct InstanceReactorTests {
    /// Collects what the reactor tells.
    private struct Listener {
        private var events: AsyncStream<ReactorEvent>.AsyncIterator

        init(_ reactor: InstanceReactor) {
            let (stream, continuation) = AsyncStream<ReactorEvent>.makeStream()
            reactor.follow { events in
                for event in events {
                    if case .keeperAttached = event { continue }
                    continuation.yield(event)
                }
            }
            events = stream.makeAsyncIterator()
        }

        mutating func next() async throws -> ReactorEvent { try #require(await events.next()) }
    }

    private let reactor: InstanceReactor
    private let keeper: PacketEnd
    private let settings = InstanceSettings(keyValueBytes: 4096, rankCount: 1, maximumTasks: 2)

    init() throws {
        reactor = try InstanceReactor()
        var pair = try PacketSocket.pair()
        reactor.attach(keeper: SharedPacketSocket(pair.takeFirst()))
        keeper = PacketEnd(pair.takeSecond())
    }

    /// Lets the keeper hand over an instance's channel; the instance's end.
    private func handOver(_ instance: InstanceID, to listener: inout Listener) async throws -> PacketEnd {
        var pair = try PacketSocket.pair()
        let first = pair.takeFirst()
        let running = FromKeeper.RunningInstance(
            template: TemplateID(rawValue: 1), processID: 2, settings: settings,
            preparedAt: MonotonicTime(nanoseconds: 3))
        try keeper.send(
            FromKeeper.instanceRunning(instance, running).encoded(), descriptors: [first.descriptor.rawValue])
        #expect(try await listener.next() == .keeper(.instanceRunning(instance, running)))
        let end = PacketEnd(pair.takeSecond())
        #expect(try await end.receiveFrame() == .ping(0))
        try end.send(FromInstance.pong(0, activeTasks: 0, progress: nil).encoded())
        #expect(try await listener.next() == .instance(instance, .pong(0, activeTasks: 0, progress: nil)))
        guard case .instanceAnswered(instance, let time) = try await listener.next() else {
            Issue.record("the first answer was not told")
            return end
        }
        #expect(time <= .now)
        return end
    }

    @Test("a new keeper is greeted first, and its events are passed on")
    func keeperConversation() async throws {
        defer { reactor.stop() }
        var listener = Listener(reactor)
        #expect(try await keeper.receiveOrder() == .hello)
        reactor.order(.killInstance(InstanceID(rawValue: 9)))
        #expect(try await keeper.receiveOrder() == .killInstance(InstanceID(rawValue: 9)))
        try keeper.send(FromKeeper.welcome(processID: 4, controllers: ["cpu", "memory"]).encoded())
        try keeper.send(FromKeeper.stateComplete.encoded())
        #expect(try await listener.next() == .keeper(.welcome(processID: 4, controllers: ["cpu", "memory"])))
        #expect(try await listener.next() == .keeper(.stateComplete))
    }

    @Test("frames go both ways between daemon and instance")
    func instanceConversation() async throws {
        defer { reactor.stop() }
        var listener = Listener(reactor)
        let id = InstanceID(rawValue: 7)
        let instance = try await handOver(id, to: &listener)
        reactor.send([.attach, .ping(5)], to: id)
        #expect(try await instance.receiveFrame() == .attach)
        #expect(try await instance.receiveFrame() == .ping(5))
        try instance.send(FromInstance.pong(5, activeTasks: 0, progress: nil).encoded())
        #expect(try await listener.next() == .instance(id, .pong(5, activeTasks: 0, progress: nil)))
    }

    @Test("a submission of megabytes arrives whole, however slowly it is read")
    func largeSubmission() async throws {
        defer { reactor.stop() }
        var listener = Listener(reactor)
        let id = InstanceID(rawValue: 7)
        let instance = try await handOver(id, to: &listener)
        let text = String(repeating: "word ", count: 1 << 20)
        let submission = TaskSubmission(
            task: TaskID(rawValue: 3),
            work: .answer(.text(text, parsesControlTokens: false), SamplingParameters(temperature: 0, seed: 1)))
        reactor.send(ToInstance.submission(submission), to: id)
        var bytes: [UInt8] = []
        while true {
            guard case .submissionPart(_, let offset, let total, let part) = try await instance.receiveFrame() else {
                break
            }
            #expect(offset == bytes.count)
            bytes += part
            if bytes.count == total { break }
        }
        #expect(try TaskSubmission(decoding: bytes) == submission)
    }

    @Test(
        "an instance that sends what is no frame is broken off, and the others go on",
        arguments: [
            [], [0], [1, 2, 3], [UInt8](repeating: 0xFF, count: 100),
            FromInstance.pong(1, activeTasks: 0, progress: nil).encoded() + [0],
        ])
    func hostileFrames(_ packet: [UInt8]) async throws {
        defer { reactor.stop() }
        var listener = Listener(reactor)
        let hostile = InstanceID(rawValue: 7)
        let honest = InstanceID(rawValue: 8)
        let first = try await handOver(hostile, to: &listener)
        let second = try await handOver(honest, to: &listener)
        try first.send(packet)
        switch try await listener.next() {
        // An empty packet cannot be told from a closed socket.
        case .instanceBroken(hostile, _): #expect(!packet.isEmpty)
        case .instanceClosed(hostile): #expect(packet.isEmpty)
        case let other: Issue.record("\(other)")
        }
        try second.send(FromInstance.pong(1, activeTasks: 0, progress: nil).encoded())
        #expect(try await listener.next() == .instance(honest, .pong(1, activeTasks: 0, progress: nil)))
    }

    @Test("descriptors from an instance break it off and are closed")
    func descriptorsFromInstance() async throws {
        defer { reactor.stop() }
        var listener = Listener(reactor)
        let id = InstanceID(rawValue: 7)
        let instance = try await handOver(id, to: &listener)
        try instance.send(FromInstance.pong(1, activeTasks: 0, progress: nil).encoded(), descriptors: [0])
        guard case .instanceBroken(id, _) = try await listener.next() else {
            Issue.record("it must be broken off")
            return
        }
    }

    @Test("what an instance said before its death is told before its death")
    func lastWords() async throws {
        defer { reactor.stop() }
        var listener = Listener(reactor)
        let id = InstanceID(rawValue: 7)
        let instance = try await handOver(id, to: &listener)
        for number in 0..<100 {
            try instance.send(FromInstance.pong(UInt64(number), activeTasks: 0, progress: nil).encoded())
        }
        try keeper.send(FromKeeper.instanceEnded(id, .signalled(signal: 9)).encoded())
        for number in 0..<100 {
            #expect(try await listener.next() == .instance(id, .pong(UInt64(number), activeTasks: 0, progress: nil)))
        }
        #expect(try await listener.next() == .keeper(.instanceEnded(id, .signalled(signal: 9))))
    }

    @Test("an instance that dies with frames unread has told what it told, and is closed as any other")
    func killedWithUnreadFrames() async throws {
        defer { reactor.stop() }
        var listener = Listener(reactor)
        let id = InstanceID(rawValue: 7)
        var instance: PacketEnd? = try await handOver(id, to: &listener)
        reactor.send([.ping(1), .ping(2)], to: id)
        #expect(try await instance?.receiveFrame() == .ping(1))
        try instance?.send(FromInstance.pong(1, activeTasks: 0, progress: nil).encoded())
        // The kernel tells the other side of the second frame by ECONNRESET, once.
        instance = nil
        #expect(try await listener.next() == .instance(id, .pong(1, activeTasks: 0, progress: nil)))
        #expect(try await listener.next() == .instanceClosed(id))
    }

    @Test("of thousands of frames none is lost, and they come in order")
    func manyFrames() async throws {
        defer { reactor.stop() }
        var listener = Listener(reactor)
        let id = InstanceID(rawValue: 7)
        let instance = try await handOver(id, to: &listener)
        let count = 12_288
        try WorkerThread.start {
            for number in 0..<count {
                try? instance.send(FromInstance.pong(UInt64(number), activeTasks: 0, progress: nil).encoded())
            }
        }
        for number in 0..<count {
            guard try await listener.next() == .instance(id, .pong(UInt64(number), activeTasks: 0, progress: nil))
            else {
                Issue.record("frame \(number) is missing")
                return
            }
        }
    }

    @Test("an instance that never reads is broken off when too much waits for it")
    func neverReads() async throws {
        defer { reactor.stop() }
        var listener = Listener(reactor)
        let id = InstanceID(rawValue: 7)
        let instance = try await handOver(id, to: &listener)
        let part = ToInstance.submissionPart(
            TaskID(rawValue: 1), offset: 0, total: 8 << 20,
            bytes: [UInt8](repeating: 0, count: ToInstance.partByteCount))
        reactor.send([ToInstance](repeating: part, count: 1000), to: id)
        #expect(try await listener.next() == .instanceBroken(id, reason: "it does not read what it is sent"))
        _ = instance
    }

    @Test("a keeper that goes, or sends nonsense, is lost with a reason")
    func keeperLost() async throws {
        defer { reactor.stop() }
        var listener = Listener(reactor)
        try keeper.send([1, 2, 3])
        guard case .keeperLost(let reason) = try await listener.next() else {
            Issue.record("it must be lost")
            return
        }
        #expect(reason.contains("no frame"))
    }

    @Test("a keeper of another version is told to end what it holds, and lost with both versions named")
    func foreignKeeper() async throws {
        defer { reactor.stop() }
        var listener = Listener(reactor)
        #expect(try await keeper.receiveOrder() == .hello)
        for event in [FromKeeper.welcome(processID: 4, controllers: nil), .stateComplete] {
            var frame = event.encoded()
            frame[4] = 2
            try keeper.send(frame)
        }
        // Before the connection closes, and once.
        #expect(try await keeper.receiveOrder() == .retire)
        keeper.close()
        guard case .keeperLost(let reason) = try await listener.next() else {
            Issue.record("it must be lost")
            return
        }
        #expect(reason.contains("version 2 ") && reason.contains("version 3;"), "\(reason)")
    }

    /// Lives on the reactor's thread.
    private actor Resident {
        let reactor: InstanceReactor
        private(set) var events: [ReactorEvent] = []

        init(_ reactor: InstanceReactor) { self.reactor = reactor }

        nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.executor }

        func follow() { reactor.follow { [weak self] events in self?.assumeIsolated { $0.events += events } } }
    }

    @Test("an actor on the reactor's thread is told there, and goes on after a stop")
    func resident() async throws {
        let resident = Resident(reactor)
        await resident.follow()
        #expect(try await keeper.receiveOrder() == .hello)
        reactor.report(.keeperNotFound(reason: "one"))
        // Turns and commands keep the order in which they were asked for, or are one turn apart.
        while await resident.events.count < 2 { await Task.yield() }
        #expect(await resident.events.last == .keeperNotFound(reason: "one"))
        reactor.stop()
        reactor.report(.keeperNotFound(reason: "two"))
        #expect(await resident.events.count == 2)
    }
}

/// The far end of a pair.
final class PacketEnd: Sendable {
    private let socket: PacketSocket

    init(_ socket: consuming PacketSocket) { self.socket = socket }

    func send(_ packet: [UInt8], descriptors: [CInt] = []) throws {
        _ = try packet.withUnsafeBytes { try socket.send($0, descriptors: descriptors) }
    }

    /// The other side sees the end of the connection.
    func close() { shutdown(socket.descriptor.rawValue, CInt(SHUT_RDWR)) }

    func receiveOrder() async throws -> ToKeeper {
        try await receive().withUnsafeBytes { try ToKeeper(decoding: $0) }
    }

    func receiveFrame() async throws -> ToInstance {
        try await receive().withUnsafeBytes { try ToInstance(decoding: $0) }
    }

    /// Waits on a thread of its own.
    private func receive() async throws -> [UInt8] {
        try await WorkerThread.run { [self] in
            var buffer = [UInt8](repeating: 0, count: PacketSocket.maximumPacketSize)
            guard case .packet(let count) = try buffer.withUnsafeMutableBytes({ try socket.receive(into: $0) }) else {
                return []
            }
            return Array(buffer.prefix(count))
        }
    }
}
