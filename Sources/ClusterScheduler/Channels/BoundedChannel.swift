// SPDX-License-Identifier: Apache-2.0
package import LinuxKernel
internal import Synchronization

/// Messages from many senders to one receiver, bounded. Senders never wait; the receiver gets all there is at once.
package final class BoundedChannel<Message: Sendable>: Sendable {
    private struct State {
        var messages: [Message] = []
        var reader: CheckedContinuation<[Message], any Error>?
    }

    private let limit: Int
    private let state = Mutex(State())

    /// Holds at most `limit` messages that are not urgent.
    package init(limit: Int) {
        self.limit = limit
    }

    /// Adds a message; false where the channel is full and the message is lost. Urgent ones always find room: there must
    /// be a fixed number of them.
    @discardableResult
    package func send(_ message: Message, isUrgent: Bool = false) -> Bool {
        let (isTaken, reader) = state.withLock { state -> (Bool, CheckedContinuation<[Message], any Error>?) in
            if let reader = state.reader {
                state.reader = nil
                return (true, reader)
            }
            guard isUrgent || state.messages.count < limit else { return (false, nil) }
            state.messages.append(message)
            return (true, nil)
        }
        reader?.resume(returning: [message])
        return isTaken
    }

    /// All messages, in order; waits for the first one. Only one task may wait at a time.
    package func receive() async throws(CancellationError) -> [Message] {
        do {
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { register($0) }
            } onCancel: {
                let reader = state.withLock { $0.reader.take() }
                reader?.resume(throwing: CancellationError())
            }
        } catch {
            throw CancellationError()
        }
    }

    /// The same with a bound on the wait; empty where it passed.
    package func receive(
        until deadline: MonotonicTime, on clock: any SchedulerClock
    ) async throws(CancellationError) -> [Message] {
        let received = await withTaskGroup(of: [Message]?.self) { group in
            group.addTask { try? await self.receive() }
            group.addTask {
                try? await clock.sleep(until: deadline)
                return nil
            }
            let first = await group.next()
            group.cancelAll()
            // The receiver may have got messages in the moment in which the time was over: they must not be lost.
            let second = await group.next()
            return (first ?? nil) ?? (second ?? nil) ?? []
        }
        if Task.isCancelled { throw CancellationError() }
        return received
    }

    /// The same with the bound as a time from now on the machine's clock.
    package func receive(within duration: Duration) async throws(CancellationError) -> [Message] {
        let clock = SystemClock()
        return try await receive(until: clock.now.advanced(by: duration), on: clock)
    }

    /// All messages that are there, without waiting.
    package func receiveNow() -> [Message] {
        state.withLock { state in
            defer { state.messages.removeAll(keepingCapacity: true) }
            return state.messages
        }
    }

    private func register(_ continuation: CheckedContinuation<[Message], any Error>) {
        let result = state.withLock { state -> Result<[Message], any Error>? in
            if Task.isCancelled { return .failure(CancellationError()) }
            guard state.messages.isEmpty else {
                defer { state.messages.removeAll(keepingCapacity: true) }
                return .success(state.messages)
            }
            precondition(state.reader == nil, "a channel has one reader")
            state.reader = continuation
            return nil
        }
        if let result { continuation.resume(with: result) }
    }
}
