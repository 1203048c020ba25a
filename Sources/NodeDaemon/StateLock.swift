// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel

/// The right to a node's state directory, held for as long as the value lives. Two daemons on one directory would
/// remove each other's unfinished files.
struct StateLock: Sendable {
    private let lock: FileLock

    /// Takes the lock of `directory`, which is made where it is missing.
    ///
    /// - Throws: `NodeDaemonError.stateInUse` where another daemon has it.
    init(directory: String) throws(NodeDaemonError) {
        try NodeDaemonError.preparing(directory, mode: 0o750)
        let path = directory + "/lock"
        let lock: FileLock?
        do throws(SystemCallError) {
            lock = try FileLock.acquire(path)
        } catch {
            throw .cannotPrepare(path: path, reason: "\(error)")
        }
        guard let lock else { throw .stateInUse(directory: directory) }
        self.lock = lock
    }
}
