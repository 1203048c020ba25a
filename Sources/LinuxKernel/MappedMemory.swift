// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc

/// A shared mapping of a file or memory file; unmapped when the value ends.
package struct MappedMemory: ~Copyable, @unchecked Sendable {
    package let bytes: UnsafeMutableRawBufferPointer

    /// How the pages may be used.
    package enum Access: Sendable {
        case readOnly, readWrite
    }

    /// Maps the first `byteCount` bytes behind `descriptor`, shared.
    package init(_ descriptor: CInt, byteCount: Int, access: Access) throws(SystemCallError) {
        guard byteCount > 0 else { throw SystemCallError("mmap", "an empty file", code: EINVAL) }
        let protection = access == .readOnly ? PROT_READ : PROT_READ | PROT_WRITE
        guard let base = mmap(nil, byteCount, protection, MAP_SHARED, descriptor, 0), base != MAP_FAILED else {
            throw SystemCallError("mmap", "\(byteCount) bytes")
        }
        bytes = UnsafeMutableRawBufferPointer(start: base, count: byteCount)
    }

    /// MADV_HUGEPAGE, which Glibc's module does not show.
    private static let hugePages: CInt = 14

    /// What is missing of the file is read in as huge pages, where its file system gives them: mapped at once, not page by
    /// page in each process. A wish that the kernel may refuse.
    package func preferHugePages() {
        madvise(bytes.baseAddress, bytes.count, Self.hugePages)
    }

    /// Gives the mapping up for the rest of the process's life: what is mapped so is never unmapped.
    package consuming func leak() -> UnsafeMutableRawBufferPointer {
        let kept = bytes
        discard self
        return kept
    }

    deinit {
        munmap(bytes.baseAddress, bytes.count)
    }
}

/// Memory files: shared memory by descriptor.
package enum MemoryFile {
    /// A memory file of exactly `byteCount` zero bytes whose size nobody can change (and whose seals nobody can add to).
    package static func sealed(name: String, byteCount: Int) throws(SystemCallError) -> OwnedDescriptor {
        let number = try systemCall("memfd_create", name) {
            clinux_memfd_create(name, CLINUX_MFD_CLOEXEC | CLINUX_MFD_ALLOW_SEALING)
        }
        let file = OwnedDescriptor(owning: number)
        try systemCall("ftruncate", name) { ftruncate(file.rawValue, byteCount) }
        let seals = CLINUX_F_SEAL_SHRINK | CLINUX_F_SEAL_GROW | CLINUX_F_SEAL_SEAL
        try systemCall("fcntl", "F_ADD_SEALS") { clinux_add_seals(file.rawValue, seals) }
        return file
    }

    /// A memory file without a size or seals yet, for building something in memory.
    package static func unsealed(name: String) throws(SystemCallError) -> OwnedDescriptor {
        let number = try systemCall("memfd_create", name) { clinux_memfd_create(name, CLINUX_MFD_CLOEXEC) }
        return OwnedDescriptor(owning: number)
    }
}
