// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Watches what reading an input does: a trap, a hang and memory over the bound end the program by a signal, after the
/// input was written to a file.
enum Watch {
    /// CPU seconds that one input may take.
    private static let longestRead = 10
    /// Bytes of address space that all together may take.
    private static let memoryBound: rlim_t = 1 << 30

    /// What is being read. Handlers of signals look at it.
    nonisolated(unsafe) private static var current = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Where the input goes that ends the program.
    nonisolated(unsafe) private static var path: UnsafeMutablePointer<CChar>?

    /// Begins to watch; inputs that end the program go to `path`.
    static func begin(savingTo path: String) {
        self.path = strdup(path)
        var bound = rlimit(rlim_cur: memoryBound, rlim_max: memoryBound)
        setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &bound)
        for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGVTALRM] {
            signal(number) { number in
                Watch.save()
                signal(number, SIG_DFL)
                raise(number)
            }
        }
    }

    /// Reads one input.
    static func read(_ bytes: UnsafeRawBufferPointer, _ target: FuzzTarget) {
        current = bytes
        var limit = itimerval()
        limit.it_value.tv_sec = longestRead
        setitimer(__itimer_which_t(ITIMER_VIRTUAL.rawValue), &limit, nil)
        target.read(bytes)
    }

    private static func save() {
        guard let path else { return }
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        _ = write(file, current.baseAddress, current.count)
        _ = "saved the input to ".withCString { write(STDERR_FILENO, $0, strlen($0)) }
        _ = write(STDERR_FILENO, path, strlen(path))
        _ = "\n".withCString { write(STDERR_FILENO, $0, 1) }
    }
}

/// Writes words to standard error at once.
func complain(_ words: String) {
    _ = words.withCString { write(STDERR_FILENO, $0, strlen($0)) }
}
