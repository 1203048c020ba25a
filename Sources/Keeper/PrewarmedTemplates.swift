// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel

/// How many templates are started beforehand to wait for a model, and when: what a model's first start saves is an exec,
/// the runtime's start and the compilation of the system call filter.
///
/// They are made when the keeper has had nothing to do for a moment, so that they do not take the processor from the
/// start that used one up.
struct PrewarmedTemplates {
    /// How long after an order the missing ones are made.
    static let quietMilliseconds = 500

    /// How many the daemon wants.
    private(set) var wanted = 0
    private var lastOrderAt = MonotonicTime(nanoseconds: 0)
    /// One died before it was of use: an engine that cannot start is not tried for ever.
    private var isPaused = false

    /// The daemon wants so many.
    mutating func want(_ count: Int) {
        wanted = count
        isPaused = false
    }

    /// An order is being carried out.
    mutating func noteOrder(at now: MonotonicTime) { lastOrderAt = now }

    /// A template came as far as a pre-warmed one has to.
    mutating func noteSuccess() { isPaused = false }

    /// A pre-warmed one is gone, or could not be started.
    mutating func noteFailure() { isPaused = true }

    /// When the next one should be made if there are `count`; nil where there are enough.
    func dueAt(count: Int) -> MonotonicTime? {
        guard count < wanted, !isPaused else { return nil }
        return lastOrderAt.adding(milliseconds: Self.quietMilliseconds)
    }
}
