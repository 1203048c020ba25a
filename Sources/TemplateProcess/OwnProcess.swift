// SPDX-License-Identifier: Apache-2.0
internal import Glibc
package import LinuxKernel

/// The number of threads of this process, readable after the file system is out of reach.
package struct ThreadCount: ~Copyable {
    private let tasks: OwnedDescriptor

    /// Opens /proc/self/task: the kernel counts one link for each thread beside a directory's usual two, which costs
    /// less to read than any file there.
    package init() throws(SystemCallError) {
        tasks = try OwnedDescriptor.open("/proc/self/task", O_RDONLY | O_DIRECTORY)
    }

    /// -1 where it cannot be told.
    package func current() -> Int {
        guard let links = try? tasks.linkCount(), links > 2 else { return -1 }
        return Int(clamping: links) - 2
    }
}

/// Sentences on stderr, which the keeper reads.
package enum StandardError {
    /// Writes `message` on a line of its own, with the program's name before it.
    package static func write(_ message: String) {
        TextOutput.write("flowserve: \(message)\n", to: STDERR_FILENO)
    }
}
