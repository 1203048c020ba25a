// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Logging
internal import Synchronization

/// Takes records from any thread without waiting, and writes them on a thread of its own, in their order. A journal or a
/// pipe that is not read holds up that thread alone: no event loop, and no answer. What does not fit is dropped, counted
/// and told of afterwards.
final class LogWriter: Sendable {
    private struct State {
        var waiting: [LogRecord] = []
        var dropped = 0
        var isWriting = false
    }

    /// Records that wait to be written.
    static let limit = 1024

    private let state = Mutex(State())
    private let arrival: WakeupCounter
    private let idle: WakeupCounter
    private let write: @Sendable (LogRecord) -> Void

    /// Starts the thread, which lives as long as the process.
    init(write: @escaping @Sendable (LogRecord) -> Void) throws(SystemCallError) {
        arrival = try WakeupCounter()
        idle = try WakeupCounter()
        self.write = write
        try WorkerThread.start { [self] in run() }
    }

    /// Has a record written soon; never waits.
    func post(_ record: LogRecord) {
        let isFirst = state.withLock { state in
            guard state.waiting.count < Self.limit else {
                state.dropped += 1
                return false
            }
            state.waiting.append(record)
            return state.waiting.count == 1
        }
        if isFirst { arrival.signal() }
    }

    /// Waits until everything that was posted is written, but not longer than `milliseconds`: before the process ends.
    func flush(milliseconds: Int) {
        let end = MonotonicTime(nanoseconds: MonotonicTime.now.nanoseconds + UInt64(milliseconds) * 1_000_000)
        while state.withLock({ $0.isWriting || !$0.waiting.isEmpty }), end > .now {
            var entry = pollfd(fd: idle.descriptor.rawValue, events: Int16(POLLIN), revents: 0)
            _ = poll(&entry, 1, CInt(clamping: end.millisecondsAhead))
            idle.clear()
        }
    }

    private func run() {
        while true {
            var entry = pollfd(fd: arrival.descriptor.rawValue, events: Int16(POLLIN), revents: 0)
            _ = poll(&entry, 1, -1)
            arrival.clear()
            writeWaiting()
            idle.signal()
        }
    }

    private func writeWaiting() {
        while true {
            let (records, dropped) = state.withLock { state in
                defer { (state.waiting, state.dropped) = ([], 0) }
                state.isWriting = !state.waiting.isEmpty
                return (state.waiting, state.dropped)
            }
            guard let last = records.last else { return }
            for record in records { write(record) }
            if dropped > 0 { write(Self.droppedRecord(dropped, program: last.program)) }
        }
    }

    private static func droppedRecord(_ count: Int, program: String) -> LogRecord {
        LogRecord(
            LogEvent(
                level: .warning, message: "\(count) log events could not be written in time", metadata: nil,
                source: nil, file: #fileID, function: #function, line: #line),
            metadata: .about([:], kind: .eventsDropped, ["dropped": "\(count)"]), program: program)
    }
}
