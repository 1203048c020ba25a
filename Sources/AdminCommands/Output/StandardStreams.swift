// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// The command's output and error streams, unbuffered so that an answer appears token by token.
enum StandardStreams {
    /// Whether people read the output (and not a file or a pipe).
    static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
    static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
    static var inputIsTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// Writes text as it stands.
    static func write(_ text: String) {
        write(text, to: STDOUT_FILENO)
    }

    /// Writes one line.
    static func writeLine(_ text: String) {
        write(text + "\n", to: STDOUT_FILENO)
    }

    /// Writes to the error stream.
    static func writeError(_ text: String) {
        write(text, to: STDERR_FILENO)
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                // Whoever read our output has gone (`deepflow job list | head`): nothing is left to do for them.
                exit(descriptor == STDOUT_FILENO ? 141 : 1)
            }
            bytes = bytes.dropFirst(count)
        }
    }
}
