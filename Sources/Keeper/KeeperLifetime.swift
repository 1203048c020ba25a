// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel

/// When a keeper has no more reason to be:
/// 1. on the order `retire` or SIGTERM, once everything that it holds has ended;
/// 2. when for `lonelyMilliseconds` there was neither a daemon nor an instance;
/// 3. when for `orphanedMilliseconds` there was no daemon: instances that nobody can ask or drain are of no use;
/// 4. when another keeper has its path and no daemon is attached: nobody can find this one any more.
struct KeeperLifetime {
    /// How long a keeper waits for a daemon when it has no instance left.
    static let lonelyMilliseconds = 60_000
    /// How long it holds instances for a daemon that does not come back: far longer than a restart or an upgrade.
    static let orphanedMilliseconds = 600_000

    private var hasSuccessor = false
    private var daemonlessSince: MonotonicTime?
    private var lonelySince: MonotonicTime?

    enum Decision: Hashable {
        /// To be asked again at that time, if nothing happens before.
        case goOn(until: MonotonicTime?)
        case retire(String)
        case end
    }

    /// Another keeper has this one's path.
    mutating func noteSuccessor() { hasSuccessor = true }

    /// `isRetiring`: everything was told to end. `isOver`: no process is left.
    mutating func decide(
        hasDaemon: Bool, hasInstances: Bool, isRetiring: Bool, isOver: Bool, now: MonotonicTime
    ) -> Decision {
        if isRetiring { return isOver ? .end : .goOn(until: nil) }
        guard !hasDaemon else {
            (daemonlessSince, lonelySince) = (nil, nil)
            return .goOn(until: nil)
        }
        if hasSuccessor { return .retire("replaced by another keeper") }
        let orphaned = (daemonlessSince ?? now).adding(milliseconds: Self.orphanedMilliseconds)
        daemonlessSince = daemonlessSince ?? now
        lonelySince = hasInstances ? nil : lonelySince ?? now
        let lonely = lonelySince?.adding(milliseconds: Self.lonelyMilliseconds)
        if let lonely, lonely <= now { return .end }
        return orphaned <= now ? .retire("no daemon came back") : .goOn(until: min(orphaned, lonely ?? orphaned))
    }
}
