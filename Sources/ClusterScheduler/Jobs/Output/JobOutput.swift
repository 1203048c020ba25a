// SPDX-License-Identifier: Apache-2.0
internal import ServingModel
internal import Synchronization

/// The reply of a job as a numbered log: parts with their indices, then one end. The job's driver appends; any number of
/// readers follow, each from an index of its own.
///
/// Parts are kept until all readers that are attached have taken them. The driver bounds how many that can be: it pauses
/// the job while the log is full.
final class JobOutput: Sendable {
    /// What a reader gets at once.
    struct Slice: Sendable {
        var parts: [ReplyPart]
        /// How the job ended, behind these parts; nil where more may come.
        var end: JobEnd?
        /// All readers have the parts below this.
        var takenIndex: Int
    }

    /// How far the job has come towards its first part.
    enum Acceptance: Hashable, Sendable {
        case pending, accepted
        case failed(JobFailure)
    }

    private struct Follower {
        var nextIndex: Int
        let signal: @Sendable () -> Void
    }

    private struct State {
        /// The kept parts, the oldest first.
        var parts: [ReplyPart] = []
        var window = StreamWindow()
        var promptTokens: Int?
        var end: JobEnd?
        var followers: [ObjectIdentifier: Follower] = [:]

        var takenIndex: Int { followers.values.map(\.nextIndex).min() ?? window.nextIndex }
    }

    private let state = Mutex(State())

    /// Whether an instance will give the reply, or there will be none.
    var acceptance: Acceptance {
        state.withLock { state in
            // Once accepted, a failure is the reply's: it is told behind the parts that came before it.
            if state.promptTokens != nil { return .accepted }
            switch state.end {
            case .failure(let failure)?: return .failed(failure)
            case .success?: return .accepted
            case nil: return .pending
            }
        }
    }

    /// The job is over and every reader knows it.
    var isRead: Bool { state.withLock { $0.end != nil && $0.followers.isEmpty } }

    /// A reader follows from `index` on; `signal` is called whenever there is something new, from any thread. Returns
    /// false where parts from `index` on are gone.
    func attach(_ reader: ObjectIdentifier, from index: Int, signal: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            guard index >= state.window.firstKept, index <= state.window.nextIndex else { return false }
            state.followers[reader] = Follower(nextIndex: index, signal: signal)
            return true
        }
    }

    /// The reader follows no longer; returns how many still do.
    func detach(_ reader: ObjectIdentifier) -> Int {
        state.withLock { state in
            state.followers[reader] = nil
            Self.dropTaken(&state)
            return state.followers.count
        }
    }

    /// What has come for the reader since the last time; nil where it is not attached.
    func read(_ reader: ObjectIdentifier) -> Slice? {
        state.withLock { state in
            guard let nextIndex = state.followers[reader]?.nextIndex else { return nil }
            let parts = Array(state.parts[(nextIndex - state.window.firstKept)...])
            state.followers[reader]?.nextIndex = state.window.nextIndex
            Self.dropTaken(&state)
            return Slice(parts: parts, end: state.end, takenIndex: state.takenIndex)
        }
    }

    /// An instance will give the reply.
    func accept(promptTokens: Int) {
        tellAll { $0.promptTokens = promptTokens }
    }

    /// More of the reply.
    func append(_ parts: [ReplyPart]) {
        tellAll { state in
            state.parts += parts
            state.window.append(parts.count)
        }
    }

    /// Nothing follows.
    func finish(_ end: JobEnd) {
        tellAll { $0.end = end }
    }

    private func tellAll(_ change: (inout State) -> Void) {
        let signals = state.withLock { state in
            change(&state)
            return state.followers.values.map(\.signal)
        }
        for signal in signals { signal() }
    }

    private static func dropTaken(_ state: inout State) {
        guard !state.followers.isEmpty else { return }
        state.parts.removeFirst(state.window.acknowledge(state.takenIndex))
    }
}
