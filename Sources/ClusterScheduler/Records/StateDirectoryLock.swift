// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel

/// Says that this process alone keeps records in a directory: a second scheduler would take the running jobs of the
/// first for abandoned ones. The kernel lets go of it with the process, however that ends.
package struct StateDirectoryLock: Sendable {
    private let file: SharedDescriptor

    /// A scheduler that was killed a moment ago may still hold it: so long its successor waits.
    private static let patience = (tries: 20, pauseMicroseconds: useconds_t(50_000))

    /// Locks `scheduler.lock` in `directory`, which must exist; nil where another process holds it.
    static func acquire(in directory: String) throws(SystemCallError) -> StateDirectoryLock? {
        let path = directory + "/scheduler.lock"
        // The file stays: with one removed and made anew, two processes could each hold a lock on "the" file.
        let file = try OwnedDescriptor.open(path, O_RDWR | O_CREAT, mode: 0o600)
        for attempt in 1...patience.tries {
            do throws(SystemCallError) {
                try systemCall("flock", path) { flock(file.rawValue, LOCK_EX | LOCK_NB) }
                return StateDirectoryLock(file: SharedDescriptor(file))
            } catch {
                guard error.code == EWOULDBLOCK else { throw error }
            }
            if attempt < patience.tries { usleep(patience.pauseMicroseconds) }
        }
        return nil
    }
}
