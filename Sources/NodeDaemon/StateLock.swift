// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel

/// The right to a node's state directory, held for as long as the value lives. Two daemons on one directory would
/// remove each other's unfinished files. The kernel gives the right back however the daemon ends.
struct StateLock: Sendable {
    private let file: SharedDescriptor

    /// Takes the lock of `directory`, which is made where it is missing.
    ///
    /// - Throws: `NodeDaemonError.stateInUse` where another daemon has it.
    init(directory: String) throws(NodeDaemonError) {
        try NodeDaemonError.preparing(directory, mode: 0o750)
        let path = directory + "/lock"
        do throws(SystemCallError) {
            // Never removed: a second file of that name would be a second lock.
            let file = try OwnedDescriptor.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
            try systemCall("flock", path) { flock(file.rawValue, LOCK_EX | LOCK_NB) }
            self.file = SharedDescriptor(file)
        } catch {
            guard error.code == EWOULDBLOCK else { throw .cannotPrepare(path: path, reason: "\(error)") }
            throw .stateInUse(directory: directory)
        }
    }
}
