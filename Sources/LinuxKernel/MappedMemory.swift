// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc

/// Memory that is mapped: a shared mapping of a file or memory file, or bytes of the process's own. Unmapped when the value
/// ends.
package struct MappedMemory: ~Copyable, @unchecked Sendable {
    package let bytes: UnsafeMutableRawBufferPointer

    /// How the pages may be used.
    package enum Access: Sendable {
        case readOnly, readWrite
    }

    /// Where a mapping comes to lie.
    package enum Placement {
        /// Where the kernel finds room.
        case anywhere
        /// At this address, a multiple of the page size, in the place of what is mapped there: of a part of an
        /// `AddressRange`, which is the caller's to replace.
        case over(UnsafeMutableRawPointer)
    }

    /// Maps `byteCount` bytes behind `descriptor` from `offset`, a multiple of the page size, shared.
    package init(
        _ descriptor: CInt, offset: Int = 0, byteCount: Int, access: Access, placement: Placement = .anywhere
    ) throws(SystemCallError) {
        guard byteCount > 0 else { throw SystemCallError("mmap", "an empty file", code: EINVAL) }
        let protection = access == .readOnly ? PROT_READ : PROT_READ | PROT_WRITE
        let base =
            switch placement {
            case .anywhere: mmap(nil, byteCount, protection, MAP_SHARED, descriptor, offset)
            case .over(let address): mmap(address, byteCount, protection, MAP_SHARED | MAP_FIXED, descriptor, offset)
            }
        guard let base, base != MAP_FAILED else { throw SystemCallError("mmap", "\(byteCount) bytes") }
        bytes = UnsafeMutableRawBufferPointer(start: base, count: byteCount)
    }

    /// Maps `byteCount` zero bytes of the process's own, which a forked child has copies of as soon as either writes.
    package init(ownBytes byteCount: Int) throws(SystemCallError) {
        let base = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let base, base != MAP_FAILED else { throw SystemCallError("mmap", "\(byteCount) bytes") }
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

/// Addresses without memory, into which files are mapped side by side (`MappedMemory.Placement.over`): a process sees a
/// file as a whole, and a part of it with other rights, at addresses that follow from one base. Kept for the life of the
/// process.
package struct AddressRange {
    package let base: UnsafeMutableRawPointer

    /// Takes `byteCount` addresses whose first is a multiple of `alignment`, a power of two that is no less than a page.
    package init(byteCount: Int, alignment: Int) throws(SystemCallError) {
        // The kernel aligns to pages only: as much more is taken, and given back where it is not needed.
        let room = byteCount + alignment
        guard let start = mmap(nil, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
            start != MAP_FAILED
        else { throw SystemCallError("mmap", "\(room) addresses") }
        let skipped = (alignment - Int(bitPattern: start) & (alignment - 1)) & (alignment - 1)
        base = start + skipped
        if skipped > 0 { munmap(start, skipped) }
        munmap(base + byteCount, alignment - skipped)
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
