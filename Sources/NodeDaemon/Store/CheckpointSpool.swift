// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import NIOCore

/// A checkpoint on its way in: a file without a name, so that nothing of it outlives the import whatever happens.
struct CheckpointSpool: Sendable {
    /// O_TMPFILE, which Glibc's module does not show.
    private static let unnamed: CInt = 0o20_200_000
    /// Free space that an import leaves alone.
    private static let reserveBytes = 64 << 20

    private let file: SharedDescriptor
    private let directory: String
    private(set) var byteCount = 0

    /// Makes the file in `directory`. `expectedBytes` is what the client announced: checkpoint and artefact must both
    /// fit, or nothing is begun.
    init(directory: String, expectedBytes: Int?) throws(NodeDaemonError) {
        do throws(SystemCallError) {
            file = SharedDescriptor(try Self.open(directory))
            self.directory = directory
            let available = try DirectoryPath.freeBytes(at: directory)
            let needed = Self.needed(expectedBytes ?? 0)
            guard needed <= available else { throw SystemCallError("write", directory, code: ENOSPC) }
        } catch {
            throw Self.explain(error, expectedBytes ?? 0, directory)
        }
    }

    /// The checkpoint for a packer, which must not be able to write it.
    func openReadOnly() throws(SystemCallError) -> OwnedDescriptor {
        try OwnedDescriptor.open("/proc/self/fd/\(file.rawValue)", O_RDONLY)
    }

    /// Adds the next part of the checkpoint.
    mutating func append(_ buffer: ByteBuffer) throws(NodeDaemonError) {
        do throws(SystemCallError) {
            var rest = buffer.readableBytesView[...]
            while !rest.isEmpty {
                let count = try systemCall("write", "the checkpoint's spool file") {
                    rest.withContiguousStorageIfAvailable { write(file.rawValue, $0.baseAddress, $0.count) } ?? -1
                }
                rest = rest.dropFirst(count)
            }
            byteCount += buffer.readableBytes
        } catch {
            throw Self.explain(error, byteCount, directory)
        }
    }

    private static func open(_ directory: String) throws(SystemCallError) -> OwnedDescriptor {
        do throws(SystemCallError) {
            return try OwnedDescriptor.open(directory, O_RDWR | unnamed, mode: 0o600)
        } catch {
            guard error.code == EOPNOTSUPP || error.code == EISDIR || error.code == EINVAL else { throw error }
            // A file system without nameless files: one that loses its name at once is as good, but for a crash between.
            let path = "\(directory)/.unfinished-spool-\(getpid())"
            let file = try OwnedDescriptor.open(path, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
            unlink(path)
            return file
        }
    }

    private static func needed(_ byteCount: Int) -> Int {
        let (twice, overflow) = byteCount.multipliedReportingOverflow(by: 2)
        return overflow ? .max : twice.addingReportingOverflow(reserveBytes).overflow ? .max : twice + reserveBytes
    }

    private static func explain(_ error: SystemCallError, _ byteCount: Int, _ directory: String) -> NodeDaemonError {
        guard error.code == ENOSPC || error.code == EDQUOT else {
            return .storeUnusable(path: directory, reason: "\(error)")
        }
        let available = (try? DirectoryPath.freeBytes(at: directory)) ?? 0
        return .insufficientStorage(needed: needed(byteCount), available: available, path: directory)
    }
}
