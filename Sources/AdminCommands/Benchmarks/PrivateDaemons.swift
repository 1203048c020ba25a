// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel

/// Node, keeper and scheduler of this build, in a directory of their own, for as long as a benchmark runs.
final class PrivateDaemons: Sendable {
    /// Enough for a busy machine; a daemon that takes longer hangs.
    private static let stopMilliseconds: Int32 = 40_000

    let directory: String
    private let node: ProcessHandle
    private let scheduler: ProcessHandle

    /// Starts both daemons from beside the running executable; they may not be ready yet.
    ///
    /// - Parameters:
    ///   - stateDirectory: where models are kept; nil has them in the private directory and loses them with it.
    ///   - nodeArguments: for `deepflow-noded` beside the usual ones.
    init(stateDirectory: String?, nodeArguments: [String]) throws(CommandError) {
        var template = Array("/tmp/deepflow-bench.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw .failed("cannot make a directory in /tmp: \(Self.reason)") }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // With the last, a benchmark that is killed leaves nothing running.
        let directories = [
            "--configuration", "/dev/null", "--runtime-directory", directory, "--state-directory",
            stateDirectory ?? "\(directory)/state", "--parent-process", "\(getpid())",
        ]
        do throws(SystemCallError) {
            node = try Self.start(
                "deepflow-noded", directories + ["--retire-on-stop", "--drain-timeout", "1s"] + nodeArguments, directory
            )
            scheduler = try Self.start("deepflow-schedulerd", directories + ["--drain-timeout", "1s"], directory)
        } catch {
            Self.remove(directory)
            throw .failed("the daemons cannot be started from beside this command: \(error)")
        }
    }

    /// The scheduler's socket, when it is ready.
    var socketPath: String { "\(directory)/admin.sock" }

    /// Ends the daemons with all that they started, and removes the directory.
    func end() {
        for process in [processID(of: scheduler), processID(of: node)] { kill(process, SIGTERM) }
        Self.wait(for: scheduler)
        Self.wait(for: node)
        Self.remove(directory)
    }

    /// The last lines of both daemons' logs, for an error.
    var lastLines: String {
        ["deepflow-noded", "deepflow-schedulerd"].map { name in
            guard let file = try? OwnedDescriptor.open("\(directory)/\(name).log", O_RDONLY) else { return "" }
            var bytes = [UInt8](repeating: 0, count: 4096)
            let size = (try? file.fileSize()) ?? 0
            let count = pread(file.rawValue, &bytes, bytes.count, off_t(max(0, size - bytes.count)))
            return "--- \(name)\n" + String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        }.joined(separator: "\n")
    }

    private func processID(of process: borrowing ProcessHandle) -> Int32 { process.processID }

    private static var reason: String { String(cString: strerror(errno)) }

    private static func start(
        _ name: String, _ arguments: [String], _ directory: String
    ) throws(SystemCallError) -> ProcessHandle {
        let log = try OwnedDescriptor.open("\(directory)/\(name).log", O_WRONLY | O_CREAT | O_APPEND)
        // A session of its own: Ctrl-C is for the command, which then ends its daemons in their order.
        return try ProcessLaunch(
            executable: try ProcessLaunch.sibling(name), arguments: arguments, environment: ["PATH=/usr/bin:/bin"],
            descriptors: [nil, log.rawValue, log.rawValue], startsSession: true
        ).start()
    }

    private static func wait(for process: borrowing ProcessHandle) {
        var entry = pollfd(fd: process.descriptor.rawValue, events: Int16(POLLIN), revents: 0)
        while poll(&entry, 1, stopMilliseconds) < 0, errno == EINTR {}
        if (try? process.reap()) == nil {
            try? process.send(signal: SIGKILL)
            _ = try? process.reap(waits: true)
        }
    }

    /// Removes a directory with everything in it; links are removed, not followed.
    private static func remove(_ path: String) {
        for name in (try? DirectoryPath.files(in: path)) ?? [] {
            let entry = "\(path)/\(name)"
            var status = stat()
            guard lstat(entry, &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR { remove(entry) } else { unlink(entry) }
        }
        rmdir(path)
    }
}
