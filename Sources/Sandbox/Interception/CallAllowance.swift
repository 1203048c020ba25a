// SPDX-License-Identifier: Apache-2.0

/// How many forks a template may still make: as many as were ordered, one at a time, each answered before the next. A
/// compromised template cannot have a child that the keeper does not know of.
package struct ForkAllowance: Sendable {
    private var ordered = 0
    private var allowed = 0
    private var answered = 0

    /// None were ordered.
    package init() {}

    /// So many forks were ordered.
    package mutating func order(_ count: Int) {
        ordered += count
    }

    /// Whether the template, which wants to fork now, may.
    package mutating func allow() -> Bool {
        guard allowed < ordered, answered == allowed else { return false }
        allowed += 1
        return true
    }

    /// The template answered an order, with a child or with the reason why there is none; false where it owed none.
    package mutating func answer() -> Bool {
        guard owesAnswers else { return false }
        // Without a listener nobody asks first, and some orders fail before the fork.
        if answered == allowed { allowed += 1 }
        answered = allowed
        return true
    }

    /// Whether a child may exist that has not been reported yet.
    package var isForking: Bool { allowed > answered }
    /// The same where nobody asks before a fork.
    package var owesAnswers: Bool { answered < ordered }
}

/// What a confined process may do of the calls that its profile leaves to the keeper (`SystemCallRule.Action.ask`).
/// Everything else that arrives at a listener is denied.
package struct CallAllowance: Sendable {
    /// How often a process may signal itself. abort() needs two; each costs the keeper a moment, so one that was taken
    /// over must not ask without end.
    private static let ownSignals = 8

    /// Forks that were ordered of it; an instance has none.
    package var forks = ForkAllowance()
    private var signals = ownSignals

    /// For a process that was just started.
    package init() {}

    /// Whether a call of `process` may go on: a fork that was ordered, or a signal to itself, as abort() sends.
    package mutating func admits(_ call: InterceptedCall, of process: Int32) -> Bool {
        if call.isFork { return forks.allow() }
        guard call.isSignal(to: process), signals > 0 else { return false }
        signals -= 1
        return true
    }
}
