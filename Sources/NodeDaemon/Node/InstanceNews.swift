// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel

/// When schedulers are told how the instances stand.
///
/// At once where an instance begins or ceases to take tasks, which decides where the next task goes. All else, as that one
/// was forked or has its first task, comes with that or a little later: told in that moment it would be read and taken in
/// before the template or the instance that was just given work had a core.
struct InstanceNews: Sendable {
    private static let delayMilliseconds = 20

    private var toldRevision: UInt64 = 0
    private var toldOpenings: UInt64 = 0
    /// When what is new is told at the latest; nil where nothing is.
    private(set) var deadline: MonotonicTime?

    /// Whether they are to be told now how things stand, which counts as done. `revision` grows with every change, `openings`
    /// with those that cannot wait.
    mutating func isDue(revision: UInt64, openings: UInt64, now: MonotonicTime) -> Bool {
        guard revision != toldRevision || openings != toldOpenings else { return false }
        let due = deadline ?? now.adding(milliseconds: Self.delayMilliseconds)
        guard openings != toldOpenings || due <= now else {
            deadline = due
            return false
        }
        (toldRevision, toldOpenings, deadline) = (revision, openings, nil)
        return true
    }
}
