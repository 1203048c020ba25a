// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import NIOCore

/// A checkpoint on disk, opened as the caller and streamed to a server part by part.
final class CheckpointFile: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    private static let partSize = 1 << 20
    private static let magic = Array("GGUF".utf8)

    let path: String
    let byteCount: Int
    private let file: SharedDescriptor

    /// Opens `path` and looks at its first bytes, so that a wrong file is named before anything is sent.
    ///
    /// - Throws: `failed` for what is no readable GGUF file, `permission` where the caller may not read it.
    init(path: String) throws(CommandError) {
        let file: OwnedDescriptor
        do {
            // A FIFO must not hold the command up before it is known to be no file.
            file = try OwnedDescriptor.open(path, O_RDONLY | O_NONBLOCK)
        } catch {
            throw Self.explain(error, path)
        }
        var status = stat()
        guard fstat(file.rawValue, &status) == 0 else { throw .failed("\(path): cannot be examined") }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw .failed("\(path) is a directory; name the .gguf file in it")
        default: throw .failed("\(path) is no regular file; name a .gguf file")
        }
        try Self.checkMagic(of: file.rawValue, path)
        self.path = path
        self.byteCount = Int(status.st_size)
        self.file = SharedDescriptor(file)
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        let checkpoint: CheckpointFile
        var position = 0

        /// The next part; an error where the file became shorter than it was.
        mutating func next() async throws -> ByteBuffer? {
            let part = try checkpoint.read(at: position)
            position += part?.readableBytes ?? 0
            return part
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(checkpoint: self)
    }

    private func read(at position: Int) throws(CommandError) -> ByteBuffer? {
        let wanted = Swift.min(Self.partSize, byteCount - position)
        guard wanted > 0 else { return nil }
        var buffer = ByteBuffer()
        var count = 0
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: wanted) { bytes in
            count = pread(file.rawValue, bytes.baseAddress, wanted, off_t(position))
            return Swift.max(0, count)
        }
        guard count > 0 else {
            throw .failed("\(path): cannot be read on at byte \(position); did it change meanwhile?")
        }
        return buffer
    }

    private static func checkMagic(of descriptor: Int32, _ path: String) throws(CommandError) {
        var first = [UInt8](repeating: 0, count: magic.count)
        let count = pread(descriptor, &first, first.count, 0)
        guard count == magic.count, first == magic else {
            throw .failed("\(path) is no GGUF checkpoint (a GGUF file begins with the letters GGUF)")
        }
    }

    private static func explain(_ error: SystemCallError, _ path: String) -> CommandError {
        switch error.code {
        case ENOENT: .failed("\(path): no such file")
        case EACCES, EPERM: .permission("\(path): permission denied; make it readable for you, then try again")
        default: .failed("\(path): \(String(cString: strerror(error.code)))")
        }
    }
}
