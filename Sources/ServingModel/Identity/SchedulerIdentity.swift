// SPDX-License-Identifier: Apache-2.0

/// Which scheduler gives an order, and in which of its lives.
///
/// A node serves several schedulers at once, each with an event stream and tasks of its own. Of one scheduler it obeys
/// the highest epoch that it has seen: an order of a lower one comes from a process that was replaced and has not
/// noticed, and is refused (`stale_epoch`).
package struct SchedulerIdentity: Hashable, Sendable, CustomStringConvertible {
    /// Made once for a state directory.
    package var id: SchedulerID
    /// Grows with every start of the scheduler, and is on disk before the first order is sent.
    package var epoch: UInt64

    package init(id: SchedulerID, epoch: UInt64) {
        self.id = id
        self.epoch = epoch
    }

    /// Reads the printed form, `sched-0123456789abcdef/7`; nil for anything else.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let id = SchedulerID(parts[0]), let epoch = UInt64(parts[1]) else { return nil }
        self.init(id: id, epoch: epoch)
    }

    /// As it travels in the header of every order.
    package var description: String { "\(id)/\(epoch)" }
}
