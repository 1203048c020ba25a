// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import NIOCore
internal import ServingModel
internal import Synchronization

/// One scheduler's event stream between the daemon that fills it and the connection that empties it, which writes the
/// lines: the node, with its one thread, has other things to do.
///
/// It holds a bounded number of events. A scheduler that falls so far behind is cut off: it connects again and asks for
/// what it missed, which the instances have kept. Of lists of instances it holds the last: they are a state, not an event.
final class EventBacklog: Sendable {
    /// What may wait for a slow scheduler, in bytes of its lines as far as they can be told beforehand.
    private let byteLimit: Int

    private struct State {
        var events: [NodeEvent] = []
        var instances: [InstanceSummary]?
        var byteCount = 0
        var isOver = false
        var reader: CheckedContinuation<[NodeEvent]?, Never>?

        /// What waits, the state behind the events that led to it; nil where that is nothing.
        mutating func take() -> [NodeEvent]? {
            let taken = events + (instances.map { [.instances($0)] } ?? [])
            (events, instances, byteCount) = ([], nil, 0)
            return taken.isEmpty ? nil : taken
        }
    }

    private let state = Mutex(State())

    init(byteLimit: Int) {
        self.byteLimit = byteLimit
    }

    /// Adds an event; false where the stream is over or has now been cut off.
    func append(_ event: NodeEvent) -> Bool {
        let (reader, events, isTaken) = state.withLock {
            state -> (CheckedContinuation<[NodeEvent]?, Never>?, [NodeEvent]?, Bool) in
            guard !state.isOver else { return (nil, nil, false) }
            if case .instances(let instances) = event {
                state.instances = instances
            } else {
                state.events.append(event)
                state.byteCount += EventLine.estimatedByteCount(event)
                if state.byteCount > byteLimit {
                    state.isOver = true
                    _ = state.take()
                }
            }
            guard let reader = state.reader.take() else { return (nil, nil, !state.isOver) }
            return (reader, state.take(), !state.isOver)
        }
        reader?.resume(returning: events)
        return isTaken
    }

    /// Ends the stream after what is pending.
    func finish() {
        let reader = state.withLock { state in
            state.isOver = true
            return state.reader.take()
        }
        reader?.resume(returning: nil)
    }

    /// The lines of everything that came since the last call; waits where that is nothing. nil at the end, also when the
    /// calling task is cancelled. Throws where an event cannot be written, a defect. For one reader.
    func next() async throws -> ByteBuffer? {
        let events: [NodeEvent]? = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (isReady, events) = state.withLock { state -> (Bool, [NodeEvent]?) in
                    if let events = state.take() { return (true, events) }
                    if state.isOver { return (true, nil) }
                    state.reader = continuation
                    return (false, nil)
                }
                if isReady { continuation.resume(returning: events) }
            }
        } onCancel: {
            finish()
        }
        guard let events else { return nil }
        var lines = ByteBuffer()
        for event in events { try EventLine.write(event, to: &lines) }
        return lines
    }
}
