// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel

/// Lines on stderr. A reader that does not read loses lines; the keeper never waits for it.
enum KeeperLog {
    static func write(_ line: String) {
        var descriptor = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        guard poll(&descriptor, 1, 0) == 1 else { return }
        // Below PIPE_BUF a write is whole and, after the poll, does not block.
        TextOutput.write("deepflow-keeper: \(line.prefix(1000))\n", to: STDERR_FILENO)
    }
}
