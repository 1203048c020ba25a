// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel

/// Says that this process alone keeps records in a directory: a second scheduler would take the running jobs of the
/// first for abandoned ones.
package struct StateDirectoryLock: Sendable {
    private let lock: FileLock

    /// A scheduler that was killed a moment ago may still hold it: so long its successor waits.
    private static let waiting = (tries: 20, pauseMicroseconds: useconds_t(50_000))

    /// Locks `scheduler.lock` in `directory`, which must exist; nil where another process holds it.
    static func acquire(in directory: String) throws(SystemCallError) -> StateDirectoryLock? {
        for attempt in 1...waiting.tries {
            if let lock = try FileLock.acquire(directory + "/scheduler.lock") { return StateDirectoryLock(lock: lock) }
            if attempt < waiting.tries { usleep(waiting.pauseMicroseconds) }
        }
        return nil
    }
}
