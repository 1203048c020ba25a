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

    /// How long a program waits for the lock of one that was killed a moment ago, and may not have ended yet.
    package static let successionMilliseconds = 1000
    private static let pauseMilliseconds = 50

    /// Locks `path`, which is made with mode 0600 where it is missing and never removed: with one removed and made anew,
    /// two processes could each hold a lock on "the" file. nil where another process still holds it after `milliseconds`,
    /// for which the calling thread waits.
    package static func acquire(_ path: String, milliseconds: Int = 0) throws(SystemCallError) -> FileLock? {
        for _ in 0..<milliseconds / pauseMilliseconds {
            if let lock = try tryToAcquire(path) { return lock }
            usleep(useconds_t(pauseMilliseconds * 1000))
        }
        return try tryToAcquire(path)
    }

    private static func tryToAcquire(_ path: String) throws(SystemCallError) -> FileLock? {
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
