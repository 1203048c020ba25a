// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import LinuxKernel
import TestSupport

/// A container in which a real systemd is PID 1 and DeepFlow is installed from this build; powered off with the value.
final class SystemdBox {
    private let scratch: ScratchDirectory
    private static let script = sources + "/Tests/SystemdTests/Box/box"

    /// The root of this checkout.
    static let sources: String = {
        var path = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { path.deleteLastPathComponent() }
        return path.path
    }()

    /// Why none can be booted here; nil where one can.
    static let obstacle: String? = {
        guard geteuid() == 0 else { return "only root can boot a container" }
        for program in ["systemd-nspawn", "nsenter", "setsid", "unshare"] {
            guard access("/usr/bin/" + program, X_OK) == 0 else {
                return "there is no \(program): apt install systemd-container util-linux"
            }
        }
        guard access("/lib/systemd/systemd", X_OK) == 0 else { return "there is no systemd: apt install systemd" }
        let library = BuiltExecutable.path("deepflow-keeper")
        guard (try? run("/usr/bin/ldd", [library]))?.output.contains("/root/") == false else {
            return "the Swift toolchain lies in a home directory, which the units hide"
        }
        // A machine that lets root make no mounts shows it here.
        let trial = try? run("/usr/bin/unshare", ["--mount", "mount", "-t", "tmpfs", "none", "/mnt"])
        return trial?.isSuccess == true ? nil : "root may not mount here"
    }()

    init() throws {
        scratch = try ScratchDirectory()
        let built = URL(fileURLWithPath: BuiltExecutable.path("deepflow")).deletingLastPathComponent().path
        try box("start", [Self.sources]).expectSuccess()
        // Debug builds: what is tested are the units and the sandbox, not speed.
        try run("cd \(Self.sources) && Packaging/install --build \(built)").expectSuccess()
        try run("install -m 0755 \(built)/sandbox-probe /usr/lib/deepflow/").expectSuccess()
    }

    deinit { _ = try? box("stop") }

    /// Runs a line of shell inside, as root.
    func run(_ line: String) throws -> ProgramRun {
        try box("run", ["/bin/sh", "-c", line])
    }

    /// Has a unit run something else under its own confinement; `more` are lines of its section [Service].
    func replaceCommand(of unit: String, by command: String, type: String, more: String = "") throws {
        let directory = "/etc/systemd/system/\(unit).d"
        let lines = "[Service]\\nType=\(type)\\nExecStart=\\nExecStart=\(command)\\n\(more)\\n"
        try run("mkdir -p \(directory) && printf '\(lines)' >\(directory)/probe.conf && systemctl daemon-reload")
            .expectSuccess()
    }

    @discardableResult
    private func box(_ verb: String, _ arguments: [String] = []) throws -> ProgramRun {
        try Self.run("/bin/bash", [Self.script, verb, scratch.path] + arguments)
    }

    private static func run(_ program: String, _ arguments: [String]) throws -> ProgramRun {
        let output = try MemoryFile.unsealed(name: "output")
        let process = try ProcessLaunch(
            executable: program, arguments: arguments, environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
            descriptors: [nil, output.rawValue, output.rawValue]
        ).start()
        let status = try process.reap(waits: true)
        var bytes = [UInt8](repeating: 0, count: try output.fileSize())
        let count = pread(output.rawValue, &bytes, bytes.count, 0)
        return ProgramRun(
            isSuccess: status?.isSuccess == true, output: String(decoding: bytes.prefix(max(0, count)), as: UTF8.self))
    }
}

/// How a program ended, and what it wrote.
struct ProgramRun {
    let isSuccess: Bool
    let output: String

    /// Throws what it wrote where it failed.
    func expectSuccess() throws {
        if !isSuccess { throw ProbeFailure(description: output) }
    }
}
