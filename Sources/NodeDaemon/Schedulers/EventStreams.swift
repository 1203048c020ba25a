// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import Synchronization

/// A scheduler's stream at the route that serves it.
struct EventStream: Sendable {
    let number: StreamNumber
    let backlog: EventBacklog
}

/// The open event streams.
final class EventStreams: Sendable {
    private let backlogs = Mutex<[StreamNumber: EventBacklog]>([:])

    /// What is published on `number` goes to `backlog` from now on.
    func begin(_ number: StreamNumber, _ backlog: EventBacklog) {
        backlogs.withLock { $0[number] = backlog }
    }

    /// Adds an event to streams; which of them are over. A stream whose scheduler does not read is cut off.
    func publish(_ event: NodeEvent, to streams: [StreamNumber]) -> [StreamNumber] {
        streams.filter { stream in
            let isTaken = backlogs.withLock { $0[stream] }?.append(event) == true
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
}
