// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// The command's output and error streams, unbuffered so that an answer appears token by token.
enum StandardStreams {
    /// Whether people read the output (and not a file or a pipe).
    static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
    static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
    static var inputIsTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// Streams that the caller closed, as they stood at the start.
    private static let closed: Set<Int32> = Set([STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO].filter(holdIfClosed))

    /// Keeps the numbers of streams that the caller closed, so that no file or connection of ours gets one of them and
    /// takes the output.
    static func holdClosed() {
        _ = closed
    }

    private static func holdIfClosed(_ descriptor: Int32) -> Bool {
        if fcntl(descriptor, F_GETFD) < 0 {
            // The lowest free number is this one. The wrong direction keeps it as useless as it was.
            _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
            return true
        }
        // The language's runtime starts first, and takes a free number for its own queue of events.
        var link = [CChar](repeating: 0, count: 32)
        let count = readlink("/proc/self/fd/\(descriptor)", &link, link.count)
        let target = link.prefix(max(0, count)).map { UInt8(bitPattern: $0) }
        return String(decoding: target, as: UTF8.self).hasPrefix("anon_inode:")
    }

    /// Ends the line on which a terminal showed the user's `^C`.
    static func endInterruptedLine(errorIsTerminal: Bool, outputIsTerminal: Bool) {
        if errorIsTerminal { writeError("\n") } else if outputIsTerminal { write("\n") }
    }

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
        if closed.contains(descriptor) {
            guard descriptor == STDOUT_FILENO else { return }
            giveUp(EBADF)
        }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                // Messages and progress that cannot be shown are no reason to give the work up.
                guard descriptor == STDOUT_FILENO else { return }
                giveUp(errno)
            }
            bytes = bytes.dropFirst(count)
        }
    }

    /// Ends the process where its output cannot be written.
    private static func giveUp(_ code: Int32) -> Never {
        // Whoever read our output has gone (`deepflow job list | head`): nothing is left to do for them.
        if code == EPIPE { exit(141) }
        writeError(
            "Error: the output cannot be written: \(String(cString: strerror(code))); send it somewhere else\n")
        exit(1)
    }
}
