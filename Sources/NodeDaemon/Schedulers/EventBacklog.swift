// SPDX-License-Identifier: Apache-2.0
internal import NIOCore
internal import Synchronization

/// One scheduler's event stream between the daemon that fills it and the connection that empties it.
///
/// It holds a bounded number of bytes. A scheduler that falls so far behind is cut off: it connects again and asks for
/// what it missed, which the instances have kept.
final class EventBacklog: Sendable {
    /// What may wait for a slow scheduler.
    static let byteLimit = 16 << 20

    private struct State {
        var pending = ByteBuffer()
        var isOver = false
        var reader: CheckedContinuation<ByteBuffer?, Never>?
    }

    private let state = Mutex(State())

    /// Adds whole lines; false where the stream is over or has now been cut off.
    func append(_ lines: ByteBuffer) -> Bool {
        let (reader, ready, isTaken) = state.withLock {
            state -> (CheckedContinuation<ByteBuffer?, Never>?, ByteBuffer?, Bool) in
            guard !state.isOver else { return (nil, nil, false) }
            if let reader = state.reader {
                state.reader = nil
                return (reader, lines, true)
            }
            state.pending.writeImmutableBuffer(lines)
            if state.pending.readableBytes > Self.byteLimit {
                state.isOver = true
                state.pending = ByteBuffer()
            }
            return (nil, nil, !state.isOver)
        }
        if let reader { reader.resume(returning: ready) }
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

    /// Everything that came since the last call; waits where that is nothing. nil at the end, also when the calling
    /// task is cancelled. For one reader.
    func next() async -> ByteBuffer? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (isReady, bytes) = state.withLock { state -> (Bool, ByteBuffer?) in
                    if state.pending.readableBytes > 0 {
                        defer { state.pending = ByteBuffer() }
                        return (true, state.pending)
                    }
                    if state.isOver { return (true, nil) }
                    state.reader = continuation
                    return (false, nil)
                }
                if isReady { continuation.resume(returning: bytes) }
            }
        } onCancel: {
            finish()
        }
    }
}
