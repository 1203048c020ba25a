// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxKernel
import TestSupport

/// A daemon that a test started: stopped in order, or killed, and always reaped.
final class DaemonProcess: Sendable {
    /// Enough for answers to drain on a busy machine; beyond it the daemon hangs, and the test says so.
    private static let timeout: Int32 = 40

    let name: String
    private let process: ProcessHandle

    /// Starts the executable `name` of this build; its log is added to `log`.
    init(_ name: String, _ arguments: [String], environment: [String] = [], log: String) throws {
        let file = try OwnedDescriptor.open(log, O_WRONLY | O_CREAT | O_APPEND)
        self.name = name
        process = try ProcessLaunch(
            executable: BuiltExecutable.path(name), arguments: arguments,
            environment: ["PATH=/usr/bin:/bin"] + environment,
            descriptors: [nil, file.rawValue, file.rawValue]
        ).start()
    }

    var processID: Int32 { process.processID }

    /// SIGTERM, and waits for the end.
    ///
    /// - Returns: how it ended; nil where it did not end in time and was killed.
    func stop() throws -> LinuxKernel.ExitStatus? {
        try process.send(signal: SIGTERM)
        return try process.end(withinSeconds: Self.timeout)
    }

    /// SIGKILL, as an administrator in a hurry or the kernel out of memory would.
    func kill() throws {
        try process.send(signal: SIGKILL)
        _ = try process.reap(waits: true)
    }
}

extension ProcessHandle {
    /// Waits for the end of a child, and kills one that hangs.
    ///
    /// - Returns: how it ended; nil where it did not end in time.
    func end(withinSeconds seconds: Int32) throws -> LinuxKernel.ExitStatus? {
        var entry = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
        while poll(&entry, 1, seconds * 1000) < 0, errno == EINTR {}
        if let status = try reap() { return status }
        try send(signal: SIGKILL)
        _ = try reap(waits: true)
        return nil
    }
}

/// A process of the product that is no child of the test.
enum ForeignProcess {
    /// Whether it still runs; a zombie that nobody reaped does not.
    static func isRunning(_ processID: Int32) -> Bool {
        guard let file = try? OwnedDescriptor.open("/proc/\(processID)/stat", O_RDONLY) else { return false }
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = read(file.rawValue, &bytes, bytes.count)
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        // The state follows the name, which may hold anything but ends with the last bracket.
        guard let bracket = text.lastIndex(of: ")") else { return false }
        return text[bracket...].dropFirst(2).first.map { $0 != "Z" && $0 != "X" } == true
    }
}
