// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import LinuxKernel

@Suite("Processes")
struct ProcessTests {
    private func shell(_ script: String, descriptors: [CInt?] = [nil, nil, nil]) throws -> ProcessHandle {
        try ProcessLaunch(executable: "/bin/sh", arguments: ["-c", script], descriptors: descriptors).start()
    }

    @Test("Exit codes and signals are told apart")
    func statuses() throws {
        #expect(try shell("exit 3").reap(waits: true) == .exited(code: 3))
        #expect(try shell("kill -9 $$").reap(waits: true) == .signalled(signal: 9))
    }

    @Test("A process that lives is not reaped, and a signal ends it")
    func signals() throws {
        let process = try shell("exec sleep 1000")
        #expect(try process.reap() == nil)
        try process.send(signal: SIGKILL)
        #expect(try process.reap(waits: true) == .signalled(signal: SIGKILL))
        // The number may belong to another by now; the handle still names the dead one.
        try process.send(signal: SIGKILL)
    }

    @Test("Only unreaped children are taken for children")
    func children() throws {
        let process = try shell("exit 0")
        #expect(ProcessHandle.isUnreapedChild(process.processID))
        _ = try process.reap(waits: true)
        #expect(!ProcessHandle.isUnreapedChild(process.processID))
        #expect(!ProcessHandle.isUnreapedChild(1))
        #expect(!ProcessHandle.isUnreapedChild(getpid()))
    }

    @Test("A child gets the listed descriptors and no other")
    func descriptors() throws {
        let open = try MemoryFile.unsealed(name: "not for the child")
        let result = try MemoryFile.unsealed(name: "result")
        let process = try shell("ls /proc/self/fd | wc -l >&1", descriptors: [nil, result.rawValue, nil])
        #expect(try process.reap(waits: true) == .exited(code: 0))
        var buffer = [UInt8](repeating: 0, count: 16)
        let count = pread(result.rawValue, &buffer, 16, 0)
        // 0, 1, 2 and the directory that ls itself has open.
        #expect(String(decoding: buffer.prefix(max(0, count - 1)), as: UTF8.self) == "4")
        _ = consume open
    }

    @Test("A program that is not there is an error that names it")
    func missing() {
        #expect(throws: SystemCallError("posix_spawn", "/no/such/program", code: ENOENT)) {
            _ = try ProcessLaunch(executable: "/no/such/program", arguments: [], descriptors: [nil]).start()
        }
    }
}

@Suite("Memory files")
struct MemoryFileTests {
    @Test("A sealed file cannot change its size")
    func sealed() throws {
        let file = try MemoryFile.sealed(name: "sealed", byteCount: 4096)
        #expect(ftruncate(file.rawValue, 0) == -1)
        #expect(errno == EPERM)
        #expect(ftruncate(file.rawValue, 8192) == -1)
        #expect(try file.fileSize() == 4096)
    }

    @Test("Two mappings of one file see the same bytes")
    func mapping() throws {
        let file = try MemoryFile.sealed(name: "shared", byteCount: 4096)
        let writable = try MappedMemory(file.rawValue, byteCount: 4096, access: .readWrite)
        let readable = try MappedMemory(file.rawValue, byteCount: 4096, access: .readOnly)
        writable.bytes[100] = 42
        #expect(readable.bytes[100] == 42)
    }
}
