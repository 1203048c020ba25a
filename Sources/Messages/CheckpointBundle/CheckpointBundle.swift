// SPDX-License-Identifier: Apache-2.0

/// The files of a checkpoint as one stream: a folder of Hugging Face, or the parts of a split GGUF file.
///
/// `deepflow model add` sends it, the node keeps it as it is, and `flowserve pack` alone looks inside. All numbers are
/// little-endian.
///
///     0     "DFLOWSET"
///     8     u32 version, u32 number of files
///     16    for each file: u16 length of its name, the name in UTF-8, u64 size
///     ...   the files' bytes in the same order, each from the next multiple of 64 on, zeros between
package struct CheckpointBundle: Hashable, Sendable {
    /// A file of the bundle.
    package struct File: Hashable, Sendable {
        /// Its name without a folder.
        package let name: String
        /// Its size.
        package let byteCount: Int
        /// Where its bytes begin in the stream.
        package let offset: Int
    }

    /// What the stream begins with.
    package static let signature = Array("DFLOWSET".utf8)
    /// The longest name of a file, in bytes.
    package static let longestName = 255
    /// More files than any checkpoint has.
    package static let maxFiles = 4096
    /// Files begin at a multiple of this.
    static let alignment = 64
    private static let version: UInt32 = 1
    private static let headSize = 16

    /// The files in the stream's order.
    package let files: [File]
    /// Size of the whole stream.
    package let byteCount: Int

    /// A bundle of files with these names and sizes.
    package init(_ contents: [(name: String, byteCount: Int)]) throws(CheckpointBundleError) {
        guard (1...Self.maxFiles).contains(contents.count) else { throw .fileCount(contents.count) }
        var position = Self.headSize
        for content in contents { position += 2 + content.name.utf8.count + 8 }
        var files: [File] = []
        var names: Set<String> = []
        for (name, byteCount) in contents {
            guard Self.isAllowed(name), names.insert(name).inserted else { throw .fileName(name) }
            let (offset, tooFar) = position.addingReportingOverflow(-position & (Self.alignment - 1))
            let (end, tooLarge) = offset.addingReportingOverflow(byteCount)
            guard byteCount >= 0, !tooFar, !tooLarge else { throw .fileSize(name) }
            files.append(File(name: name, byteCount: byteCount, offset: offset))
            position = end
        }
        self.files = files
        byteCount = position
    }

    /// Reads the beginning of a stream that may come from anyone; all files lie within `bytes` after this.
    package init(reading bytes: UnsafeRawBufferPointer) throws(CheckpointBundleError) {
        guard Self.isBundle(bytes) else { throw .truncated }
        var reader = Reader(bytes: bytes, position: Self.signature.count)
        let version: UInt32 = try reader.number()
        guard version == Self.version else { throw .version(version) }
        let count: UInt32 = try reader.number()
        guard (1...UInt32(Self.maxFiles)).contains(count) else { throw .fileCount(Int(count)) }
        var contents: [(name: String, byteCount: Int)] = []
        for _ in 0..<count {
            let length: UInt16 = try reader.number()
            guard let name = String(validating: try reader.take(Int(length)), as: UTF8.self) else {
                throw .fileName("")
            }
            let size: UInt64 = try reader.number()
            guard let byteCount = Int(exactly: size) else { throw .fileSize(name) }
            contents.append((name, byteCount))
        }
        try self.init(contents)
        guard byteCount <= bytes.count else { throw .truncated }
    }

    /// Whether a stream begins as a bundle does.
    package static func isBundle(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count >= headSize && bytes.prefix(signature.count).elementsEqual(signature)
    }

    /// What comes before the first file's bytes, its padding included.
    package var head: [UInt8] {
        var bytes = Self.signature
        func put(_ number: some FixedWidthInteger) {
            withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
        }
        put(Self.version)
        put(UInt32(files.count))
        for file in files {
            put(UInt16(file.name.utf8.count))
            bytes.append(contentsOf: file.name.utf8)
            put(UInt64(file.byteCount))
        }
        bytes += Array(repeating: 0, count: (files.first?.offset ?? bytes.count) - bytes.count)
        return bytes
    }

    /// No path leads out of a bundle, and no name changes a terminal.
    private static func isAllowed(_ name: String) -> Bool {
        (1...longestName).contains(name.utf8.count)
            && name.unicodeScalars.allSatisfy { $0 != "/" && $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) }
    }

    private struct Reader {
        let bytes: UnsafeRawBufferPointer
        var position: Int

        mutating func number<Number: FixedWidthInteger>() throws(CheckpointBundleError) -> Number {
            let field = try take(MemoryLayout<Number>.size)
            return Number(littleEndian: field.loadUnaligned(as: Number.self))
        }

        mutating func take(_ count: Int) throws(CheckpointBundleError) -> UnsafeRawBufferPointer {
            guard count <= bytes.count - position else { throw .truncated }
            defer { position += count }
            return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
        }
    }
}

/// Why files are no bundle.
package enum CheckpointBundleError: Error, Hashable, Sendable, CustomStringConvertible {
    case version(UInt32)
    case fileCount(Int)
    case fileName(String)
    case fileSize(String)
    /// The stream ends before what its beginning promises.
    case truncated

    package var description: String {
        switch self {
        case .version(let version):
            "the checkpoint's files came in form \(version), which is not read; use the deepflow command of this release"
        case .fileCount(let count):
            "the checkpoint has \(count) files, and may have 1 to \(CheckpointBundle.maxFiles); name a folder with the files of one model"
        case .fileName(let name):
            "a checkpoint's file cannot be called '\(name)', or there are two of that name; rename it"
        case .fileSize(let name): "the size of the checkpoint's file '\(name)' is impossible; fetch it again"
        case .truncated: "the checkpoint's files did not arrive whole; add it again"
        }
    }
}
