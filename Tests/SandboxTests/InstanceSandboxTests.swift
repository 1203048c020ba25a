// SPDX-License-Identifier: Apache-2.0
import CLinux
import Foundation
import Glibc
import LinuxKernel
import Messages
import ServingModel
import TestSupport
import Testing

@testable import Sandbox

@Suite("A forked instance's sandbox", .serialized)
struct InstanceSandboxTests {
    /// What the kernel does to a process that makes a call outside its list.
    static let ended = "signal \(SIGSYS) (\(String(cString: strsignal(SIGSYS))))"
    static let refused = "-1 \(EACCES)"

    @Test("What an instance needs is allowed", arguments: ["startThread", "signalSelf", "plainMapping"])
    func allowed(attempt: String) throws {
        #expect(try TestTemplate.probe().forkProbe().attempt(attempt).hasPrefix("0 "))
    }

    @Test(
        "Looking for files is refused, and the instance lives on",
        arguments: ["openFile", "createFile", "statFile", "readLink", "listDirectory"])
    func refusedCalls(attempt: String) throws {
        let instance = try TestTemplate.probe().forkProbe()
        #expect(try instance.attempt(attempt) == Self.refused)
        #expect(try instance.attempt("plainMapping") == "0 0")
    }

    @Test(
        "Everything else ends the instance",
        arguments: [
            "unlinkFile", "internetSocket", "unixSocket", "netlinkSocket", "socketPair", "fork", "cloneProcess",
            "execute", "signalParent", "signalGroup", "signalParentThread", "traceMe", "readParentMemory",
            "executableMapping", "makeExecutable", "memoryFile", "removeSharedPages", "raiseLimit", "changeUser",
            "newNamespace", "mount", "changeRoot", "inputOutputRing", "bpf", "performanceEvent", "userFault",
            "keyring", "loadModule", "foreignArchitecture", "processDescriptor", "setTime", "reboot",
            "duplicateDescriptor",
        ])
    func endedCalls(attempt: String) throws {
        #expect(try TestTemplate.probe().forkProbe().attempt(attempt) == Self.ended)
    }

    @Test("It has only its four descriptors, no capability, no new privileges and a filter")
    func state() throws {
        let instance = try TestTemplate.probe().forkProbe()
        _ = try instance.attempt("plainMapping")
        let process = "/proc/\(instance.process.processID)"
        if geteuid() == 0 {
            let open = try FileManager.default.contentsOfDirectory(atPath: process + "/fd")
            #expect(Set(open) == ["0", "1", "2", "3"])
        }
        let status = try String(contentsOfFile: process + "/status", encoding: .utf8)
        let fields = Dictionary(
            status.split(separator: "\n").compactMap { line -> (String, String)? in
                let parts = line.split(separator: ":", maxSplits: 1)
                return parts.count == 2
                    ? (String(parts[0]), parts[1].trimmingCharacters(in: .whitespaces)) : nil
            }, uniquingKeysWith: { first, _ in first })
        #expect(fields["NoNewPrivs"] == "1")
        #expect(fields["Seccomp"] == "2")
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
            #expect(fields[set] == "0000000000000000", "\(set)")
        }
        if geteuid() == 0 { #expect(fields["CapBnd"] == "0000000000000000") }
        let limits = try String(contentsOfFile: process + "/limits", encoding: .utf8)
        #expect(limits.contains(/Max core file size +0 +0/))
        #expect(limits.contains(/Max file size +0 +0/))
        #expect(limits.contains(/Max open files +32 +32/))
    }

    @Test("It is a child of the keeper, not of the template")
    func parent() throws {
        let template = try TestTemplate.probe()
        let instance = try template.forkProbe()
        _ = try instance.attempt("plainMapping")
        let status = try String(contentsOfFile: "/proc/\(instance.process.processID)/status", encoding: .utf8)
        #expect(status.contains("PPid:\t\(getpid())\n"))
        // And it survives the template.
        try template.process.send(signal: SIGKILL)
        #expect(try instance.attempt("plainMapping") == "0 0")
    }

    @Test("A denied call of one child does not touch its siblings or their template")
    func siblings() throws {
        let template = try TestTemplate.probe()
        let victim = try template.forkProbe()
        let other = try template.forkProbe()
        #expect(try victim.attempt("mount") == Self.ended)
        #expect(try other.attempt("plainMapping") == "0 0")
        #expect(try template.forkProbe().attempt("plainMapping") == "0 0")
    }
}

extension TestTemplate {
    /// Children of it attempt what they are told. An answer to an attempt comes from behind the sandbox.
    fileprivate static func probe() throws -> TestTemplate {
        try TestTemplate("sandbox-probe")
    }

    fileprivate func forkProbe() throws -> TestInstance {
        try fork(InstanceSettings(keyValueBytes: 65_536, rankCount: 1, maximumTasks: 1))
    }
}

@Suite("The packer's sandbox", .serialized)
struct PackSandboxTests {
    private func attempt(_ name: String) throws -> String {
        let output = try MemoryFile.unsealed(name: "outcome")
        let process = try ProcessLaunch(
            executable: BuiltExecutable.path("sandbox-probe"), arguments: ["pack", name],
            descriptors: [nil, output.rawValue, STDERR_FILENO]
        ).start()
        guard let status = try process.reap(waits: true) else { return "alive" }
        guard status.isSuccess else { return status.description }
        var buffer = [UInt8](repeating: 0, count: 100)
        let count = pread(output.rawValue, &buffer, 100, 0)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }

    @Test("It allocates, and finds no files")
    func allowed() throws {
        #expect(try attempt("plainMapping") == "0 0")
        #expect(try attempt("openFile") == InstanceSandboxTests.refused)
    }

    @Test(
        "Threads, processes, sockets and programs end it",
        arguments: ["startThread", "fork", "execute", "unixSocket", "executableMapping", "signalParent"])
    func ended(name: String) throws {
        #expect(try attempt(name) == InstanceSandboxTests.ended)
    }
}

@Suite("System call profiles")
struct SystemCallProfileTests {
    @Test("Every rule says why", arguments: [SystemCallProfile.instance, .pack])
    func reasons(profile: SystemCallProfile) {
        for rule in profile.rules { #expect(rule.why.count > 5, "\(profile.name): \(rule.name)") }
    }

    @Test("They compile to a filter that the kernel takes", arguments: [SystemCallProfile.instance, .pack])
    func compilation(profile: SystemCallProfile) throws {
        _ = try CompiledFilter(profile)
    }
}
