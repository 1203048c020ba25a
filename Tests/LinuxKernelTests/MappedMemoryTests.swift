// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxKernel
import Testing

@Suite("Mapped files")
struct MappedMemoryTests {
    private static let page = 4096

    @Test("A file is mapped from an offset")
    func offset() throws {
        let file = try MemoryFile.sealed(name: "test", byteCount: 3 * Self.page)
        let whole = try MappedMemory(file.rawValue, byteCount: 3 * Self.page, access: .readWrite)
        let second = try MappedMemory(file.rawValue, offset: Self.page, byteCount: Self.page, access: .readOnly)
        whole.bytes[Self.page + 5] = 7
        #expect(second.bytes[5] == 7)
        #expect(throws: SystemCallError.self) {
            _ = try MappedMemory(file.rawValue, offset: 1, byteCount: Self.page, access: .readOnly)
        }
    }

    @Test("A range holds a file as a whole for reading, with a writable window on a part of it")
    func window() throws {
        let file = try MemoryFile.sealed(name: "test", byteCount: 4 * Self.page)
        let reader = try OwnedDescriptor.open("/proc/self/fd/\(file.rawValue)", O_RDONLY)
        let range = try AddressRange(byteCount: 4 * Self.page, alignment: 2 << 20)
        #expect(Int(bitPattern: range.base) % (2 << 20) == 0)
        let all = try MappedMemory(
            reader.rawValue, byteCount: 4 * Self.page, access: .readOnly, placement: .over(range.base)
        ).leak()
        let window = try MappedMemory(
            file.rawValue, offset: 2 * Self.page, byteCount: Self.page, access: .readWrite,
            placement: .over(range.base + 2 * Self.page)
        ).leak()
        #expect(window.baseAddress == all.baseAddress.map { $0 + 2 * Self.page })
        window[0] = 9
        #expect(all[2 * Self.page] == 9)
        // The rest cannot be made writable: its descriptor was opened for reading.
        #expect(mprotect(all.baseAddress, Self.page, PROT_READ | PROT_WRITE) == -1)
        #expect(errno == EACCES)
        munmap(range.base, 4 * Self.page)
    }
}
