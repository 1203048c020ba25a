// SPDX-License-Identifier: Apache-2.0

/// A thread of its own for code that blocks: event loops and the pool behind Swift's tasks have none to spare.
package enum WorkerThread {
    /// Starts `body` on a detached thread.
    package static func start(_ body: @escaping @Sendable () -> Void) throws(SystemCallError) {
        try PosixThread.detach(body)
    }
}
