// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// An exclusive lock on a file, held as long as the value lives. The kernel gives it back however the process ends.
package final class FileLock: Sendable {
    private let file: OwnedDescriptor

    private init(_ file: consuming OwnedDescriptor) {
        self.file = file
    }

    /// Unlocks before the descriptor is closed: a child that was forked and has not reached its exec holds a copy of it,
    /// and the lock would last until that is closed too.
    deinit {
        flock(file.rawValue, LOCK_UN)
    }

    /// Locks `path`, which is made with mode 0600 where it is missing and never removed: with one removed and made anew,
    /// two processes could each hold a lock on "the" file. nil where another process holds it; does not wait.
    package static func acquire(_ path: String) throws(SystemCallError) -> FileLock? {
        let file = try OwnedDescriptor.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
        do throws(SystemCallError) {
            try systemCall("flock", path) { flock(file.rawValue, LOCK_EX | LOCK_NB) }
        } catch {
            guard error.code == EWOULDBLOCK else { throw error }
            return nil
        }
        return FileLock(file)
    }
}
