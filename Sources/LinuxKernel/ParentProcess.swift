// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc

/// A process with which a daemon ends: a script that started it, and may be killed before it can stop what it started.
///
/// The kernel could send a signal at the parent's death (PR_SET_PDEATHSIG). That follows the thread which forked, is lost
/// over an exec with other rights, and knows only the direct parent: a keeper, which its node starts in a session of its
/// own, would stay. A pidfd is readable when any process has ended, and the daemon that sees it stops in order: a node
/// that retires with its instances takes its keeper along.
package enum ParentProcess {
    /// Sends SIGTERM to this process when `processID` has ended, at once where there is no such process any more. From a
    /// thread of its own, so that nothing else has to wait for it.
    package static func follow(_ processID: Int32) throws(SystemCallError) {
        let descriptor: OwnedDescriptor
        do throws(SystemCallError) {
            descriptor = OwnedDescriptor(
                owning: try systemCall("pidfd_open", "\(processID)") { clinux_pidfd_open(processID) })
        } catch {
            guard error.code == ESRCH else { throw error }
            kill(getpid(), SIGTERM)
            return
        }
        let watched = SharedDescriptor(consume descriptor)
        try WorkerThread.start {
            var entry = pollfd(fd: watched.rawValue, events: Int16(POLLIN), revents: 0)
            withExtendedLifetime(watched) {
                while poll(&entry, 1, -1) < 0, errno == EINTR {}
            }
            kill(getpid(), SIGTERM)
        }
    }
}
