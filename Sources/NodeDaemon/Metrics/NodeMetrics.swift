// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel
internal import Synchronization

/// What the node counts since it began: starts by model and stage, ends by cause.
struct NodeMetrics: Hashable, Sendable {
    /// How an instance's process ended.
    enum End: String, CaseIterable {
        /// By itself: it was drained, or its channel was closed.
        case exited
        /// With a status that is not zero.
        case failed
        /// By a signal.
        case signalled
        /// It never had a process, or was gone when a keeper was lost.
        case lost

        init(_ status: ExitStatus?) {
            switch status {
            case nil: self = .lost
            case .signalled: self = .signalled
            case let status?: self = status.isSuccess ? .exited : .failed
            }
        }
    }

    /// A collector keeps a row for each name for ever: models that start first behind so many others are counted together.
    private static let maxModels = 256
    private static let otherModels = "(others)"

    private(set) var starts: [String: [DurationHistogram]] = [:]
    private(set) var ends: [End: Int] = [:]

    /// An instance was ready.
    mutating func note(_ stages: StartStages, of model: ModelName) {
        let isCounted = starts[model.text] != nil || starts.count < Self.maxModels
        let place = isCounted ? model.text : Self.otherModels
        var histograms = starts[place] ?? Array(repeating: DurationHistogram(), count: stages.named.count)
        for (index, stage) in stages.named.enumerated() { histograms[index].note(microseconds: stage.microseconds) }
        starts[place] = histograms
    }

    /// An instance's process is gone.
    mutating func noteEnd(_ status: ExitStatus?) {
        ends[End(status), default: 0] += 1
    }
}

/// Counts what happens at the node.
final class MetricsObserver: NodeObserver {
    private let metrics = Mutex(NodeMetrics())

    /// What was counted so far.
    var counted: NodeMetrics { metrics.withLock { $0 } }

    func note(_ occurrence: NodeOccurrence) {
        switch occurrence {
        case .instanceReady(_, let name, let stages): metrics.withLock { $0.note(stages, of: name) }
        case .instanceEnded(_, _, let ending): metrics.withLock { $0.noteEnd(ending.end?.status) }
        default: break
        }
    }
}
