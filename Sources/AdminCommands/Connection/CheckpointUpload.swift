// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import NIOCore

/// A checkpoint on its way to a server, part by part: a GGUF file as it is, several files as a `CheckpointBundle`.
final class CheckpointUpload: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    private static let partSize = 1 << 20

    /// What the caller named.
    let path: String
    /// Size of the whole stream.
    let byteCount: Int
    /// The files that are sent.
    let files: [CheckpointFile]
    private let pieces: [Piece]

    /// A piece of the stream and where it begins.
    private struct Piece: Sendable {
        enum Source: Sendable {
            case bytes([UInt8])
            case file(CheckpointFile)
        }

        let start: Int
        let end: Int
        let source: Source
    }

    /// Opens everything that `path` names.
    ///
    /// - Throws: as `CheckpointContents` and `CheckpointFile` do.
    convenience init(path: String) throws(CommandError) {
        try self.init(try CheckpointContents(at: path), path: path)
    }

    /// Opens these files; `path` is for messages.
    init(_ contents: CheckpointContents, path: String) throws(CommandError) {
        var files: [CheckpointFile] = []
        for path in contents.paths { files.append(try CheckpointFile(path: path)) }
        for file in files where file.path.hasSuffix(".gguf") || !contents.isBundle { try file.checkGGUF() }
        self.path = path
        self.files = files
        pieces = contents.isBundle ? try Self.bundle(contents.sentNames, files) : Self.single(files)
        byteCount = pieces.last?.end ?? 0
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        let upload: CheckpointUpload
        var position = 0
        var piece = 0

        /// The next part; an error where a file became shorter than it was.
        mutating func next() async throws -> ByteBuffer? {
            while piece < upload.pieces.count, upload.pieces[piece].end == position { piece += 1 }
            guard piece < upload.pieces.count else { return nil }
            let part = try upload.read(upload.pieces[piece], at: position)
            position += part.readableBytes
            return part
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(upload: self)
    }

    /// The digest of the whole stream.
    ///
    /// - Parameter progress: told of the bytes that are through.
    func digest(_ progress: (Int) -> Void) async throws(CommandError) -> String {
        var digest = ContentDigest()
        var done = 0
        do {
            for try await part in self {
                try Task.checkCancellation()
                part.withUnsafeReadableBytes { digest.update($0) }
                done += part.readableBytes
                progress(done)
            }
        } catch {
            throw AdminServer.explain(error)
        }
        return digest.finish()
    }

    private func read(_ piece: Piece, at position: Int) throws(CommandError) -> ByteBuffer {
        let offset = position - piece.start
        let count = Swift.min(Self.partSize, piece.end - position)
        switch piece.source {
        case .bytes(let bytes): return ByteBuffer(bytes: bytes[offset..<offset + count])
        case .file(let file): return try file.read(at: offset, count: count)
        }
    }

    private static func single(_ files: [CheckpointFile]) -> [Piece] {
        files.prefix(1).map { Piece(start: 0, end: $0.byteCount, source: .file($0)) }
    }

    private static func bundle(_ names: [String], _ files: [CheckpointFile]) throws(CommandError) -> [Piece] {
        let bundle: CheckpointBundle
        do throws(CheckpointBundleError) {
            bundle = try CheckpointBundle(zip(names, files).map { ($0, $1.byteCount) })
        } catch {
            throw .failed("\(error)")
        }
        var pieces = [Piece(start: 0, end: bundle.head.count, source: .bytes(bundle.head))]
        for (place, file) in zip(bundle.files, files) {
            let end = pieces[pieces.count - 1].end
            let padding = [UInt8](repeating: 0, count: place.offset - end)
            pieces.append(Piece(start: end, end: place.offset, source: .bytes(padding)))
            pieces.append(Piece(start: place.offset, end: place.offset + file.byteCount, source: .file(file)))
        }
        return pieces
    }
}
