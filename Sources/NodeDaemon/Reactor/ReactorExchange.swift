// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Synchronization

/// Between the reactor's thread and the daemon's tasks: commands one way, events the other.
///
/// Events are bounded: while the daemon is behind, the thread reads nothing more, and the instances feel it.
final class ReactorExchange: Sendable {
    /// Events that may wait before the thread stops reading, and bytes of the packets that they come from.
    static let eventLimit = 4096
    static let byteLimit = 4 << 20

    private struct State {
        var commands: [ReactorCommand] = []
        var events: [ReactorEvent] = []
        var byteCount = 0
        var isFull = false
    }

    private let state = Mutex(State())
    private let wakeup: WakeupCounter
    private let bell: AsyncStream<Void>.Continuation
    /// Rings when there may be events. For one listener.
    let rings: AsyncStream<Void>

    init() throws(SystemCallError) {
        wakeup = try WakeupCounter()
        (rings, bell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Readable when there are commands, or room again.
    var wakeupDescriptor: CInt { wakeup.descriptor.rawValue }

    func post(_ command: ReactorCommand) {
        state.withLock { $0.commands.append(command) }
        wakeup.signal()
    }

    /// The daemon's side: everything that happened since the last call.
    func takeEvents() -> [ReactorEvent] {
        let (events, wasFull) = state.withLock { state in
            defer {
                state.events = []
                state.byteCount = 0
                state.isFull = false
            }
            return (state.events, state.isFull)
        }
        if wasFull { wakeup.signal() }
        return events
    }

    /// The thread's side: everything that was asked for since the last call.
    func takeCommands() -> [ReactorCommand] {
        wakeup.clear()
        return state.withLock { state in
            defer { state.commands = [] }
            return state.commands
        }
    }

    /// Tells the daemon what came as a packet of `byteCount` bytes, or of itself.
    func send(_ event: ReactorEvent, byteCount: Int = 0) {
        state.withLock { state in
            state.events.append(event)
            state.byteCount += byteCount
        }
        bell.yield()
    }

    /// Whether the thread must not read more for now; the wake-up descriptor tells when it may.
    var isFull: Bool {
        state.withLock { state in
            state.isFull = state.events.count >= Self.eventLimit || state.byteCount >= Self.byteLimit
            return state.isFull
        }
    }

    /// No events will follow.
    func finish() {
        bell.finish()
    }
}
