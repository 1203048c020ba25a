// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import Glibc
internal import LinuxKernel
internal import NIOCore

/// A file of a checkpoint, opened as the caller.
final class CheckpointFile: Sendable {
    private static let magic = Array("GGUF".utf8)

    let path: String
    let byteCount: Int
    private let file: SharedDescriptor
    /// When it was last written, seconds and nanoseconds.
    private let writtenAt: [Int]

    /// Opens a regular file.
    ///
    /// - Throws: `failed` where it is none, `permission` where the caller may not read it.
    init(path: String) throws(CommandError) {
        let file: OwnedDescriptor
        do {
            // A FIFO must not hold the command up before it is known to be no file.
            file = try OwnedDescriptor.open(path, O_RDONLY | O_NONBLOCK)
        } catch {
            throw Self.explain(error.code, path)
        }
        var status = stat()
        guard fstat(file.rawValue, &status) == 0 else { throw .failed("\(path): cannot be examined") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .failed("\(path) is no regular file; name a .gguf file or a folder")
        }
        self.path = path
        self.byteCount = Int(status.st_size)
        self.writtenAt = Self.writtenAt(status)
        self.file = SharedDescriptor(file)
    }

    /// At most `count` bytes from `position` on.
    ///
    /// - Throws: `failed` where the file became shorter than it was.
    func read(at position: Int, count: Int) throws(CommandError) -> ByteBuffer {
        var buffer = ByteBuffer()
        var found = 0
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
            found = pread(file.rawValue, bytes.baseAddress, count, off_t(position))
            return max(0, found)
        }
        guard found > 0 else {
            throw .failed("\(path): cannot be read on at byte \(position); did it change meanwhile?")
        }
        return buffer
    }

    /// Everything, for small files.
    func content() throws(CommandError) -> Data {
        var data = Data()
        while data.count < byteCount {
            data.append(contentsOf: try read(at: data.count, count: byteCount - data.count).readableBytesView)
        }
        return data
    }

    /// Looks at the first bytes, so that a wrong file is named before anything is sent.
    func checkGGUF() throws(CommandError) {
        guard byteCount >= Self.magic.count,
            try read(at: 0, count: Self.magic.count).readableBytesView.elementsEqual(Self.magic)
        else { throw .failed("\(path) is no GGUF checkpoint (a GGUF file begins with the letters GGUF)") }
    }

    /// Whether the file at its path still is the one that was opened, unchanged.
    var isInPlace: Bool {
        var opened = stat()
        var present = stat()
        return fstat(file.rawValue, &opened) == 0 && stat(path, &present) == 0 && opened.st_dev == present.st_dev
            && opened.st_ino == present.st_ino && opened.st_size == byteCount && Self.writtenAt(opened) == writtenAt
    }

    private static func writtenAt(_ status: stat) -> [Int] {
        [status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
    }

    /// What a system call's error means for a path that the caller named.
    static func explain(_ code: Int32, _ path: String) -> CommandError {
        switch code {
        case ENOENT: .failed("\(path): no such file")
        case EACCES, EPERM: .permission("\(path): permission denied; make it readable for you, then try again")
        default: .failed("\(path): \(String(cString: strerror(code)))")
        }
    }
}
