// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import LinuxKernel
import Synchronization
import TestSupport
import Testing

@Suite struct FileLockTests {
    @Test("A lock that was given back is free although a forked child still holds a copy of its descriptor")
    func copies() throws {
        let scratch = try ScratchDirectory()
        let path = scratch.path + "/lock"
        let copy: OwnedDescriptor
        do {
            let lock = try #require(try FileLock.acquire(path))
            #expect(try FileLock.acquire(path) == nil)
            copy = try Self.copyOfDescriptor(for: path)
            withExtendedLifetime(lock) {}
        }
        #expect(try FileLock.acquire(path) != nil)
        withExtendedLifetime(copy) {}
    }

    @Test("A lock that is given back within the time is waited for")
    func succession() throws {
        let scratch = try ScratchDirectory()
        let path = scratch.path + "/lock"
        let lock = Mutex(try FileLock.acquire(path))
        let thread = Thread { lock.withLock { $0 = nil } }
        thread.start()
        #expect(try FileLock.acquire(path, milliseconds: 20_000) != nil)
    }

    /// What a fork copies: another descriptor of the same open file.
    private static func copyOfDescriptor(for path: String) throws -> OwnedDescriptor {
        for name in try DirectoryPath.files(in: "/proc/self/fd") {
            guard let number = CInt(name),
                path == (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)"))
            else { continue }
            return OwnedDescriptor(owning: try systemCall("dup", path) { dup(number) })
        }
        Issue.record("no descriptor of \(path)")
        throw SystemCallError("open", path, code: ENOENT)
    }
}
