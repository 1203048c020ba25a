// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel

/// Whether a kept file still has the content that it had: byte by byte, which costs a fraction of its digest.
enum FileComparison {
    private static let blockSize = 1 << 20

    /// Whether the file at `path` is a plain one with the same bytes. One that cannot be read is not.
    static func isEqual(_ file: borrowing OwnedDescriptor, _ path: String) -> Bool {
        guard let other = try? OwnedDescriptor.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK),
            let size = try? file.fileSize(), let otherSize = try? other.fileSize(), size == otherSize
        else { return false }
        var first = [UInt8](repeating: 0, count: blockSize)
        var second = first
        var offset = 0
        while offset < size {
            let count = min(blockSize, size - offset)
            guard read(file.rawValue, &first, count, offset), read(other.rawValue, &second, count, offset),
                first == second
            else { return false }
            offset += count
        }
        return true
    }

    /// Reads exactly `count` bytes; false where there are fewer.
    private static func read(_ descriptor: CInt, _ buffer: inout [UInt8], _ count: Int, _ offset: Int) -> Bool {
        var done = 0
        while done < count {
            let part = buffer.withUnsafeMutableBytes { bytes in
                pread(descriptor, bytes.baseAddress.map { $0 + done }, count - done, off_t(offset + done))
            }
            guard part > 0 else { return false }
            done += part
        }
        return true
    }
}
