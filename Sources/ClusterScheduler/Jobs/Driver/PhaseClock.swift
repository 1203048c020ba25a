// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import ServingModel

/// Measures a request's phases as the scheduler sees them; an instance's own figures replace them where one instance
/// made the whole answer.
struct PhaseClock: Sendable {
    private let arrival: MonotonicTime
    private var acceptance: MonotonicTime?
    private var firstToken: MonotonicTime?
    private var lastToken: MonotonicTime?
    private var acceptances = 0
    private(set) var phases = RequestPhases()

    /// A request that came at `arrival`.
    init(arrival: MonotonicTime) {
        self.arrival = arrival
    }

    /// A node took the task.
    mutating func handOver(now: MonotonicTime) {
        if phases.queueMicroseconds == nil { phases.queueMicroseconds = now.microseconds(since: arrival) }
    }

    /// An instance will answer.
    mutating func accept(_ acceptance: TaskAcceptance, now: MonotonicTime) {
        acceptances += 1
        if phases.forkMicroseconds == nil {
            phases.forkMicroseconds = acceptance.startMicroseconds
            phases.startStages = acceptance.startStages
        }
        if firstToken == nil { self.acceptance = now }
    }

    /// More of the reply came.
    mutating func part(now: MonotonicTime) {
        lastToken = now
        guard firstToken == nil else { return }
        firstToken = now
        phases.firstTokenMicroseconds = now.microseconds(since: arrival)
        if let acceptance { phases.prefillMicroseconds = now.microseconds(since: acceptance) }
    }

    /// The reply is complete.
    mutating func finish(_ outcome: TaskOutcome) {
        if let firstToken, let lastToken { phases.decodeMicroseconds = lastToken.microseconds(since: firstToken) }
        guard acceptances == 1 else { return }
        phases.prefillMicroseconds = outcome.prefillMicroseconds
        phases.decodeMicroseconds = outcome.decodeMicroseconds
    }
}
