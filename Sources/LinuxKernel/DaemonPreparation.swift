// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// What every daemon does before anything else.
package enum DaemonPreparation {
    /// Peers that go away become errors of their writes, as many descriptors may be open as the system allows, and the
    /// process comes before those that compute, where this user may have that.
    ///
    /// The soft limit of 1,024 is there for programs that use select(2); a daemon with a few descriptors for each
    /// instance or client needs more. Confined children get a small limit of their own.
    package static func apply() {
        signal(SIGPIPE, SIG_IGN)
        raisePriority()
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        // Where it cannot be raised it stays as it is.
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Leaves SIGTERM, SIGINT and SIGHUP to who reads them from a descriptor (signalfd(2), as libdispatch does). To be called
    /// before there is a second thread: threads inherit it, and a signal goes to any thread that does not block it.
    package static func holdSignals() {
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&signals, signal) }
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    /// The daemons' priority for all threads there are, where this user may have it: again after threads were started by
    /// others than the first one.
    package static func raisePriority() {
        ProcessPriority.setAll(ProcessPriority.daemon)
    }
}
