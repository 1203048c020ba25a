// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxKernel
import Messages
import ServingModel
import TestSupport
import Testing

@testable import FlowServe

/// A running instance over a tiny model, and the daemon's end of its channel.
final class InstanceFixture {
    /// Nothing came within ten seconds: the instance hangs.
    struct Silence: Error {}
    struct Closed: Error {}

    let model: TinyServingModel
    private let channel: PacketSocket
    private let readiness: ReadinessList
    private let memory: UnsafeMutableRawBufferPointer
    private let thread: PosixThread
    private let status: Monitor<Int32?>
    private let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: PacketSocket.maximumPacketSize, alignment: 16)

    init(
        contextLength: Int = 512, window: Int = 1024, maximumTasks: Int = 64, ranks: Int = 2, blocks: Int = 64,
        hasSmallBuffer: Bool = false
    ) throws {
        let model = try TinyServingModel(contextLength: contextLength)
        let image = try ServingModelImage(mapping: model.bytes)
        let memory = EngineFixture.memory(for: image, blocks: blocks)
        let warm = try WarmModel(image, limits: BatchLimits(tokensPerStep: 16, unacknowledgedTokens: window))
        let settings = InstanceSettings(
            keyValueBytes: UInt64(memory.count), rankCount: ranks, maximumTasks: maximumTasks)
        let (ours, theirs) = try Self.pair()
        if hasSmallBuffer {
            // No smaller than the largest packet, which could never be sent otherwise.
            var size = CInt(PacketSocket.maximumPacketSize)
            setsockopt(theirs, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<CInt>.size))
        }
        let status = Monitor<Int32?>(nil)
        let shared = Handover(bytes: memory, model: warm)
        thread = try PosixThread {
            let code = InstanceMain.run(
                model: shared.model, channel: PacketSocket(owning: OwnedDescriptor(owning: theirs)),
                keyValueMemory: shared.bytes, settings: settings,
                start: FromInstance.InstanceStart(
                    bornAt: .now, sandboxMicroseconds: 1, mappingMicroseconds: 2, ranksMicroseconds: 0,
                    missingSandboxSteps: []))
            status.update { $0 = code }
        }
        self.model = model
        self.memory = memory
        self.status = status
        channel = PacketSocket(owning: OwnedDescriptor(owning: ours))
        readiness = try ReadinessList()
        try readiness.add(ours, key: 0, .readable)
    }

    deinit {
        buffer.deallocate()
    }

    /// What the instance's thread takes over from the test's.
    private struct Handover: @unchecked Sendable {
        let bytes: UnsafeMutableRawBufferPointer
        let model: WarmModel
    }

    private static func pair() throws -> (CInt, CInt) {
        var pair = try PacketSocket.pair()
        let ours = pair.takeFirst()
        let theirs = pair.takeSecond()
        return (try ours.descriptor.duplicate().release(), try theirs.descriptor.duplicate().release())
    }

    func send(_ orders: ToInstance...) throws {
        for order in orders { try send(bytes: order.encoded()) }
    }

    func send(bytes: [UInt8]) throws {
        _ = try bytes.withUnsafeBytes { try channel.send($0) }
    }

    /// Sends pings until the instance reads no more of them, and returns how many.
    func pingUntilDeaf() throws -> Int {
        let writable = try ReadinessList()
        try writable.add(channel.descriptor.rawValue, key: 0, .writable)
        for count in 0... {
            let packet = ToInstance.ping(UInt64(count)).encoded()
            while try packet.withUnsafeBytes({ try channel.send($0, waits: false) }) == .wouldBlock {
                // One that still reads makes room within this time; one that takes longer only makes the test weaker.
                if try writable.wait(milliseconds: 200).isEmpty { return count }
            }
        }
        return 0
    }

    func submit(_ submission: TaskSubmission) throws {
        for order in ToInstance.submission(submission) { try send(order) }
    }

    /// The next frame.
    func next() throws -> FromInstance {
        guard try !readiness.wait(milliseconds: 10_000).isEmpty else { throw Silence() }
        guard case .packet(let count) = try channel.receive(into: buffer) else { throw Closed() }
        return try FromInstance(decoding: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }

    /// Reads until the ends of all `tasks` came; `seeing` is told of every frame.
    func answers(
        _ tasks: UInt64..., seeing: (FromInstance) throws -> Void = { _ in }
    ) throws -> [TaskID: Answer] {
        var answers: [TaskID: Answer] = [:]
        var open = Set(tasks.map { TaskID(rawValue: $0) })
        while !open.isEmpty {
            let frame = try next()
            try seeing(frame)
            switch frame {
            case .accepted(let task, let promptTokens): answers[task, default: Answer()].promptTokens = promptTokens
            case .tokens(let tokens):
                for token in tokens { answers[token.task, default: Answer()].tokens.append(token.token) }
            case .vector(let task, let input): answers[task, default: Answer()].vectors.append(input)
            case .finished(let task, let outcome):
                answers[task, default: Answer()].outcome = outcome
                open.remove(task)
            case .failed(let task, let failure, let message):
                answers[task, default: Answer()].failure = failure
                answers[task, default: Answer()].message = message
                open.remove(task)
            case .ready, .pong, .attached: break
            }
        }
        return answers
    }

    /// Reads frames until one is of the kind that is wanted.
    func awaited<Value>(_ pick: (FromInstance) -> Value?) throws -> Value {
        while true {
            if let value = pick(try next()) { return value }
        }
    }

    /// Waits for the instance's end and returns its exit status.
    func exitStatus() -> Int32? {
        thread.join()
        memory.deallocate()
        return status.withLock { $0 }
    }

    /// Ends the instance as its keeper does.
    func drained() throws -> Int32? {
        try send(.drain)
        while (try? next()) != nil {}
        return exitStatus()
    }
}
