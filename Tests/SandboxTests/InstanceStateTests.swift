// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import LinuxKernel
import Messages
import TestSupport
import Testing

/// What the kernel says of a forked instance and of its template.
@Suite("A confined process", .serialized)
struct InstanceStateTests {
    @Test(
        "It has its four descriptors, no capability, no new privileges and two filters",
        arguments: RunningKeeper.User.allCases)
    func state(user: RunningKeeper.User) throws {
        guard RunningKeeper.obstacle(for: user) == nil else { return }
        let keeper = try RunningKeeper(engine: BuiltExecutable.path("sandbox-probe"), user: user)
        let daemon = try ProbeDaemon(keeper: keeper.socketPath)
        let instance = try daemon.fork()
        _ = try daemon.attempt("plainMapping", in: instance)
        let status = try fields(of: instance.processID)
        #expect(status["NoNewPrivs"] == "1")
        #expect(status["Seccomp"] == "2")
        #expect(status["Seccomp_filters"] == "2")
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] { #expect(status[set] == "0000000000000000", "\(set)") }
        #expect(status["PPid"] == "\(keeper.process.processID)")
        let limits = try String(contentsOfFile: "/proc/\(instance.processID)/limits", encoding: .utf8)
        #expect(limits.contains(/Max core file size +0 +0/))
        #expect(limits.contains(/Max file size +0 +0/))
        #expect(limits.contains(/Max open files +64 +64/))
        #expect(limits.contains(/Max locked memory +0 +0/))
        guard geteuid() == 0 else { return }
        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(instance.processID)/fd")
        #expect(Set(open) == ["0", "1", "2", "3"])
    }

    @Test("A root daemon's templates have users of their own, and an empty bounding set", .enabled(if: geteuid() == 0))
    func identity() throws {
        let keeper = try RunningKeeper(engine: BuiltExecutable.path("sandbox-probe"))
        let daemon = try ProbeDaemon(keeper: keeper.socketPath)
        let status = try fields(of: daemon.fork().processID)
        let user = try #require(status["Uid"]?.split(separator: "\t").first.flatMap { UInt32($0) })
        #expect(user > 0x70DF_0000 && user < 0x70E0_0000)
        #expect(status["Groups"] == "")
        #expect(status["CapBnd"] == "0000000000000000")
        let sandbox = try daemon.waitForSandbox()
        #expect(sandbox.deniedCalls == .named)
        #expect(sandbox.missing == [])
        #expect(sandbox.identity == "a user of its own")
    }

    @Test("An unprivileged daemon says what it cannot do, and misses nothing", arguments: [RunningKeeper.User.nobody])
    func unprivileged(user: RunningKeeper.User) throws {
        guard RunningKeeper.obstacle(for: user) == nil else { return }
        let keeper = try RunningKeeper(engine: BuiltExecutable.path("sandbox-probe"), user: user)
        let sandbox = try ProbeDaemon(keeper: keeper.socketPath).waitForSandbox()
        #expect(sandbox.deniedCalls == .named)
        #expect(sandbox.missing == [])
        #expect(sandbox.identity == "user 65534, the daemon's")
        #expect(sandbox.remarks.count == 1 && sandbox.remarks[0].contains("bounding set"))
    }

    @Test("Templates and instances end with their keeper, which alone could name their denied calls")
    func endOfKeeper() throws {
        let keeper = try RunningKeeper(engine: BuiltExecutable.path("sandbox-probe"))
        let daemon = try ProbeDaemon(keeper: keeper.socketPath)
        let instance = try daemon.fork()
        _ = try daemon.attempt("plainMapping", in: instance)
        try keeper.process.send(signal: SIGKILL)
        _ = try keeper.process.reap(waits: true)
        // The channel's other end closes with the process, before the question or after it.
        do {
            #expect(try instance.channel.attempt("plainMapping") == nil)
        } catch let error as SystemCallError {
            #expect([EPIPE, ECONNRESET].contains(error.code))
        }
    }

    private func fields(of process: Int32) throws -> [String: String] {
        let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        return Dictionary(
            status.split(separator: "\n").compactMap { line -> (String, String)? in
                let parts = line.split(separator: ":", maxSplits: 1)
                return parts.count == 2 ? (String(parts[0]), parts[1].trimmingCharacters(in: .whitespaces)) : nil
            }, uniquingKeysWith: { first, _ in first })
    }
}
