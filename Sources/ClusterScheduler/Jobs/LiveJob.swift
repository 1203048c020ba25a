// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
package import ServingModel
internal import Synchronization

/// What others may know and do of a job while its executor works: read its record, end it, see that its reader hangs.
package final class LiveJob: Sendable {
    private struct State {
        var record: JobRecord
        /// The executor waits for something to happen; otherwise the reader has not asked for the next event.
        var isWaiting = true
        var hasTick = false
        var lastRead = MonotonicTime.now
    }

    package let id: JobID
    let channel = JobChannel.forJob()
    /// Gets a word when the reader has not taken anything for too long.
    package let stalls = BoundedChannel<Void>(limit: 1)
    private let state: Mutex<State>

    init(_ record: JobRecord) {
        id = record.id
        state = Mutex(State(record: record))
    }

    /// How the job stands now.
    package var record: JobRecord { state.withLock { $0.record } }

    /// Ends the job, whatever it is at; its reader gets `failure`.
    package func end(_ failure: JobFailure) {
        channel.post(.ended(failure), isUrgent: true)
    }

    func update(_ change: (inout JobRecord) -> Void) {
        state.withLock { change(&$0.record) }
    }

    /// The executor begins to wait, or has stopped to.
    func setWaiting(_ isWaiting: Bool) {
        state.withLock { state in
            state.isWaiting = isWaiting
            state.lastRead = .now
            if !isWaiting { state.hasTick = false }
        }
    }

    /// Time passes. A reader that took nothing for `stallSeconds` is told of; one that waits gets a tick.
    func tick(stallSeconds: Int, now: MonotonicTime = .now) {
        enum Word { case none, tick, stall }
        let word = state.withLock { state -> Word in
            if state.isWaiting {
                if state.hasTick { return .none }
                state.hasTick = true
                return .tick
            }
            let idle = now.microseconds(since: state.lastRead)
            return idle / 1_000_000 >= stallSeconds ? .stall : .none
        }
        switch word {
        case .none: break
        case .tick: channel.post(.tick)
        case .stall: stalls.post(())
        }
    }
}
