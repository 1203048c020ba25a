// SPDX-License-Identifier: Apache-2.0
import Glibc
package import LinuxKernel

/// A real keeper in a scratch directory of its own; ended with the value.
package final class RunningKeeper {
    package let scratch: ScratchDirectory
    package let process: ProcessHandle
    package let socketPath: String
    private let logPath: String

    /// As whom a keeper runs.
    package enum User: String, Sendable, CaseIterable, CustomStringConvertible {
        case same, nobody

        package var description: String { rawValue }
        fileprivate static let nobodysID: UInt32 = 65_534
    }

    /// Starts `deepflow-keeper` with `engine` in flowserve's place and waits until it answers.
    ///
    /// - Parameter name: the name by which the engine is called, where that says what it should be.
    package init(engine: String, as name: String? = nil, user: User = .same) throws {
        scratch = try ScratchDirectory()
        socketPath = scratch.path + "/k.sock"
        logPath = scratch.path + "/log"
        var engine = engine
        if let name {
            let link = scratch.path + "/" + name
            try systemCall("symlink", link) { symlink(engine, link) }
            engine = link
        }
        let log = try OwnedDescriptor.open(scratch.path + "/log", O_WRONLY | O_CREAT | O_APPEND)
        var command = [BuiltExecutable.path("deepflow-keeper"), "--socket", socketPath, "--engine", engine]
        if user == .nobody {
            let id = User.nobodysID
            let directory = scratch.path
            try systemCall("chown", directory) { chown(directory, id, id) }
            command = ["/usr/bin/setpriv", "--reuid=\(id)", "--regid=\(id)", "--clear-groups"] + command
        }
        let watch = try DirectoryWatch(scratch.path)
        process = try ProcessLaunch(
            executable: command[0], arguments: Array(command.dropFirst()),
            descriptors: [nil, log.rawValue, log.rawValue]
        ).start()
        try waitUntilAnswering(watch)
    }

    /// Whether this machine lets nobody run what was built here; else the reason, for a test that is skipped.
    package static func obstacle(for user: User) -> String? {
        guard user == .nobody else { return nil }
        guard geteuid() == 0 else { return "only root can start a keeper as somebody else" }
        guard access("/usr/bin/setpriv", X_OK) == 0 else { return "there is no setpriv here" }
        let trial = try? ProcessLaunch(
            executable: "/usr/bin/setpriv",
            arguments: ["--reuid=65534", "--clear-groups", BuiltExecutable.path("deepflow-keeper"), "--version"],
            descriptors: [nil, nil, nil]
        ).start()
        let status = try? trial?.reap(waits: true)
        return status?.isSuccess == true ? nil : "nobody cannot run what was built here"
    }

    /// What the keeper has written so far.
    package func log() throws -> String {
        let file = try OwnedDescriptor.open(logPath, O_RDONLY)
        var bytes = [UInt8](repeating: 0, count: try file.fileSize())
        let count = try systemCall("pread") { pread(file.rawValue, &bytes, bytes.count, 0) }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    /// Waits until daemons can attach.
    package func waitUntilAnswering() throws {
        try waitUntilAnswering(DirectoryWatch(scratch.path))
    }

    /// A socket's file appears a moment before it listens: a refusal is tried again at the next event, or soon. A keeper
    /// that has ended never answers.
    private func waitUntilAnswering(_ watch: borrowing DirectoryWatch) throws {
        while !UnixSocket.isAnswering(socketPath, kind: .packet) {
            if let status = try process.reap() { throw ProbeFailure(description: "the keeper ended with \(status)") }
            var event = pollfd(fd: watch.descriptor.rawValue, events: Int16(POLLIN), revents: 0)
            guard poll(&event, 1, 50) >= 0 else { throw SystemCallError("poll") }
            watch.clear()
        }
    }

    deinit {
        try? process.send(signal: SIGTERM)
        _ = try? process.reap(waits: true)
    }
}
