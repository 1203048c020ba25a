// SPDX-License-Identifier: Apache-2.0
internal import Messages

/// Answers that an instance owes as such, not for a task. It speaks of itself when it is asked, so one that goes on about
/// itself without a question is not honest.
struct OwedReplies: Sendable {
    // Each one more than this daemon has asked for: the one before it may have asked and not lived to hear.
    private var pongs = Allowance(2)
    private var attachments = Allowance(2)
    private var readiness = Allowance(1)

    /// It was sent a ping.
    mutating func expectPong() {
        pongs.add(1)
    }

    /// Whether it may say this now, and notes it.
    mutating func admits(_ message: FromInstance) -> Bool {
        switch message {
        case .pong: pongs.take()
        case .attached: attachments.take()
        case .ready: readiness.take()
        case .accepted, .tokens, .vector, .finished, .failed: true
        }
    }
}
