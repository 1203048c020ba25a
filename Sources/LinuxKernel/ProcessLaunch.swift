// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc

/// A program to start: the only way here to exec. The child gets the listed descriptors and no other.
package struct ProcessLaunch {
    package var executable: String
    package var arguments: [String]
    package var environment: [String]
    /// `descriptors[i]` becomes number `i` in the child; nil leaves /dev/null there.
    package var descriptors: [CInt?]
    /// A session of its own, so that the end of the starter's terminal or session does not end it.
    package var startsSession: Bool

    package init(
        executable: String, arguments: [String], environment: [String] = [], descriptors: [CInt?],
        startsSession: Bool = false
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.descriptors = descriptors
        self.startsSession = startsSession
    }

    /// The program beside the running one: all of the project's executables are installed together.
    package static func sibling(_ name: String) throws(SystemCallError) -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let length = try systemCall("readlink", "/proc/self/exe") {
            readlink("/proc/self/exe", &buffer, Int(PATH_MAX))
        }
        let path = String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard let slash = path.lastIndex(of: "/") else { return name }
        return path[...slash] + name
    }

    /// Starts the program with default signal dispositions and an empty signal mask.
    package func start() throws(SystemCallError) -> ProcessHandle {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Sources are moved out of the way first: dup2 onto a number that is a later source would destroy it.
        var copies: [CInt] = []
        defer { for copy in copies { close(copy) } }
        for (target, source) in descriptors.enumerated() {
            guard let source else {
                posix_spawn_file_actions_addopen(&actions, CInt(target), "/dev/null", O_RDWR, 0)
                continue
            }
            let copy = try systemCall("fcntl", "F_DUPFD_CLOEXEC \(source)") {
                fcntl(source, F_DUPFD_CLOEXEC, CInt(descriptors.count) + 10)
            }
            copies.append(copy)
            posix_spawn_file_actions_adddup2(&actions, copy, CInt(target))
        }
        clinux_spawn_close_from(&actions, CInt(descriptors.count))
        return try ProcessHandle(ofChild: spawn(&actions))
    }

    private func spawn(_ actions: inout posix_spawn_file_actions_t) throws(SystemCallError) -> pid_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let session: CInt = startsSession ? 0x80 : 0  // POSIX_SPAWN_SETSID
        posix_spawnattr_setflags(&attributes, Int16(CInt(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) | session))
        var process: pid_t = 0
        let code = withCStrings([executable] + arguments) { arguments in
            withCStrings(environment) { environment in
                posix_spawn(&process, executable, &actions, &attributes, arguments, environment)
            }
        }
        guard code == 0 else { throw SystemCallError("posix_spawn", executable, code: code) }
        return process
    }
}

/// Calls `body` with a null-terminated array of C strings that lives as long as the call.
private func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
    let pointers = strings.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers + [nil])
}
