// SPDX-License-Identifier: Apache-2.0
internal import NIOCore
internal import Synchronization

/// The channels of a running server: its listening sockets and the connections behind them, so that a shutdown can
/// reach all of them.
final class OpenConnections: Sendable {
    /// Whose connections are counted together.
    enum Party: Hashable {
        case user(UInt32)
        /// All who have no role.
        case strangers
        /// Those who are told that they are too many.
        case refused
    }

    private struct State {
        var listening: [any Channel] = []
        var accepted: [ObjectIdentifier: any Channel] = [:]
        var counts: [Party: Int] = [:]
        var isDraining = false
    }

    private let state = Mutex(State())

    /// Notes a listening socket; closes it at once where the shutdown came first.
    func add(listening channel: any Channel) {
        let isLate = state.withLock { state in
            state.listening.append(channel)
            return state.isDraining
        }
        if isLate { channel.close(promise: nil) }
    }

    /// Notes a connection until it is closed; false for one that slipped in behind a shutdown and must be closed unheard.
    func add(accepted channel: any Channel) -> Bool {
        let isLate = state.withLock { state in
            state.accepted[ObjectIdentifier(channel)] = channel
            return state.isDraining
        }
        channel.closeFuture.whenComplete { [self] _ in
            state.withLock { $0.accepted[ObjectIdentifier(channel)] = nil }
        }
        return !isLate
    }

    /// Counts a connection for its party until it is closed; false where that party has `limit` already.
    func admit(_ channel: any Channel, of party: Party, limit: Int) -> Bool {
        let isAdmitted = state.withLock { state in
            guard state.counts[party, default: 0] < limit else { return false }
            state.counts[party, default: 0] += 1
            return true
        }
        guard isAdmitted else { return false }
        channel.closeFuture.whenComplete { [self] _ in
            state.withLock { state in
                let left = state.counts[party, default: 1] - 1
                state.counts[party] = left > 0 ? left : nil
            }
        }
        return true
    }

    /// Stops accepting; idle connections close now, busy ones after the answer that they are at.
    func drain() {
        let (listening, accepted) = state.withLock { state in
            state.isDraining = true
            return (state.listening, Array(state.accepted.values))
        }
        for channel in listening { channel.close(promise: nil) }
        for channel in accepted { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    }

    /// Ends what is still open.
    func closeAll() {
        for channel in state.withLock({ Array($0.accepted.values) }) { channel.close(promise: nil) }
    }
}
