// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import Logging
internal import Messages
internal import NIOCore
internal import ServingModel
internal import Synchronization

/// A scheduler's stream at the route that serves it.
struct EventStream: Sendable {
    let number: StreamNumber
    let backlog: EventBacklog
}

/// The open event streams: an event is encoded once, and its line goes to each of them.
final class EventStreams: Sendable {
    private let backlogs = Mutex<[StreamNumber: EventBacklog]>([:])
    private let logger: Logger

    init(logger: Logger) {
        self.logger = logger
    }

    /// What is published on `number` goes to `backlog` from now on.
    func begin(_ number: StreamNumber, _ backlog: EventBacklog) {
        backlogs.withLock { $0[number] = backlog }
    }

    /// Adds an event's line to streams; which of them are over. A stream whose scheduler does not read is cut off, and so
    /// are all of those that were to get an event which cannot be written: a defect, and a gap would be worse.
    func publish(_ event: NodeEvent, to streams: [StreamNumber]) -> [StreamNumber] {
        let line: ByteBuffer
        do {
            line = try Self.line(event)
        } catch {
            logger.error("an event cannot be written: a defect", metadata: ["error": "\(error)"])
            for stream in streams { end(stream) }
            return streams
        }
        return streams.filter { stream in
            let isTaken = backlogs.withLock { $0[stream] }?.append(line) == true
            if !isTaken { end(stream) }
            return !isTaken
        }
    }

    /// Ends a stream after what is pending.
    func end(_ stream: StreamNumber) {
        backlogs.withLock { $0.removeValue(forKey: stream) }?.finish()
    }

    /// Ends all of them.
    func endAll() {
        for stream in backlogs.withLock({ Array($0.keys) }) { end(stream) }
    }

    private static func line(_ event: NodeEvent) throws -> ByteBuffer {
        let data = try JSONEncoder().encode(event)
        var line = ByteBuffer()
        line.reserveCapacity(data.count + 1)
        line.writeBytes(data)
        line.writeInteger(UInt8(ascii: "\n"))
        return line
    }
}
