// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel

/// An artefact's pages in memory: how many there are, and bringing them all in. The kernel may take them away again at
/// any time that it needs memory; pages that processes have mapped go last.
struct ArtefactMemory: ~Copyable {
    /// What one call reads before progress is told and cancellation is looked at.
    private static let chunkBytes = 64 << 20
    // Values that Swift's Glibc module lacks on older headers.
    private static let populateRead: CInt = 22

    private let mapping: MappedMemory

    /// Maps the file; reads nothing.
    init(_ file: borrowing OwnedDescriptor) throws(SystemCallError) {
        mapping = try MappedMemory(file.rawValue, byteCount: try file.fileSize(), access: .readOnly)
    }

    /// Size of the artefact.
    var byteCount: Int { mapping.bytes.count }

    /// Bytes that are in the page cache now.
    func residentBytes() throws(SystemCallError) -> Int {
        let page = Int(sysconf(CInt(_SC_PAGESIZE)))
        var flags = [UInt8](repeating: 0, count: Self.chunkBytes / page)
        var pages = 0
        for offset in stride(from: 0, to: byteCount, by: Self.chunkBytes) {
            let length = min(Self.chunkBytes, byteCount - offset)
            try systemCall("mincore") { mincore(mapping.bytes.baseAddress.map { $0 + offset }, length, &flags) }
            for flag in flags.prefix((length + page - 1) / page) where flag & 1 != 0 { pages += 1 }
        }
        return min(pages * page, byteCount)
    }

    /// Reads everything in, in large pages where the file system gives them.
    ///
    /// - Parameter goesOn: told of the bytes that are through after each chunk; false ends it.
    func populate(_ goesOn: (Int) -> Bool) throws(SystemCallError) {
        guard let base = mapping.bytes.baseAddress else { return }
        mapping.preferHugePages()
        for offset in stride(from: 0, to: byteCount, by: Self.chunkBytes) {
            let length = min(Self.chunkBytes, byteCount - offset)
            try systemCall("madvise", "MADV_POPULATE_READ") { madvise(base + offset, length, Self.populateRead) }
            guard goesOn(offset + length) else { return }
        }
    }
}

/// How much of an artefact is in memory.
struct Residence: Hashable, Sendable {
    let resident: Int
    let total: Int
}
