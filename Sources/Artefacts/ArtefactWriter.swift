// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Streams a packed model to a descriptor that can be positioned: tokenizer, chat template and tensors in the
/// order in which they are given, then the directory, and the header last, so that an interrupted file is never
/// taken for a whole one. Memory: one buffer of 4 MiB and 64 bytes per tensor. The file must be empty at first;
/// the caller keeps the descriptor and makes the data durable.
///
/// It writes whole buffers at multiples of their size, since file systems hold a file in memory in the pieces in which it
/// is written: pieces of a huge page are mapped at once, those of 4 KiB one by one in every instance that reads them.
package struct ArtefactWriter {
    /// Two huge pages.
    private static let bufferSize = 4 << 20

    private let descriptor: Int32
    private let configuration: ModelConfiguration
    /// Bytes from `written` on; at first room for the header.
    private var buffer = [UInt8](repeating: 0, count: ArtefactFormat.headerSize)
    private var written: UInt64 = 0
    private var header = [UInt8](repeating: 0, count: ArtefactFormat.headerSize)
    private var records: [(key: UInt64, record: [UInt8])] = []
    private var open: OpenTensor?

    private struct OpenTensor {
        let role: TensorRole
        let layer: Int
        let layout: KernelLayout
        let rows: Int
        let columns: Int
        let offset: UInt64
        let size: Int
        var remaining: Int
        var checksum = Checksum()
    }

    /// Begins a file for a model of this configuration, which is checked first.
    package init(descriptor: Int32, configuration: ModelConfiguration) throws(ArtefactError) {
        try configuration.validate()
        self.descriptor = descriptor
        self.configuration = configuration
        buffer.reserveCapacity(Self.bufferSize)
    }

    /// Bytes given so far, with the header.
    package var byteCount: UInt64 { written + UInt64(buffer.count) }

    /// Writes the section that `Tokenization` reads.
    package mutating func writeTokenizer(_ bytes: UnsafeRawBufferPointer) throws(ArtefactError) {
        typealias Header = ArtefactFormat.Header
        try writeSection(
            bytes, offset: Header.tokenizerOffset, size: Header.tokenizerSize, checksum: Header.tokenizerChecksum)
    }

    /// Writes the section that `ChatTemplates` reads.
    package mutating func writeChatTemplate(_ bytes: UnsafeRawBufferPointer) throws(ArtefactError) {
        typealias Header = ArtefactFormat.Header
        try writeSection(
            bytes, offset: Header.templateOffset, size: Header.templateSize, checksum: Header.templateChecksum)
    }

    /// Begins a tensor; its bytes follow through `append`, then `endTensor`.
    package mutating func beginTensor(
        _ role: TensorRole, layer: Int = 0, layout: KernelLayout, rows: Int, columns: Int
    ) throws(ArtefactError) {
        precondition(open == nil, "a tensor is begun inside another one")
        guard let size = layout.byteCount(rows: rows, columns: columns) else {
            throw .invalidField("tensor \(role)", value: "\(rows) x \(columns)", expected: "a shape for \(layout)")
        }
        guard (0..<configuration.layerCount).contains(layer) else {
            throw .invalidField(
                "tensor \(role) layer", value: "\(layer)", expected: "less than \(configuration.layerCount)")
        }
        try align()
        open = OpenTensor(
            role: role, layer: layer, layout: layout, rows: rows, columns: columns, offset: byteCount, size: size,
            remaining: size)
    }

    /// Adds the next bytes of the tensor that is open, in its kernel layout.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) throws(ArtefactError) {
        precondition(bytes.count <= open?.remaining ?? 0, "more bytes than the open tensor has")
        open?.checksum.append(bytes)
        open?.remaining -= bytes.count
        try put(bytes)
    }

    /// Ends the tensor that is open, all of whose bytes were given.
    package mutating func endTensor() throws(ArtefactError) {
        guard let tensor = open else { preconditionFailure("no tensor is open") }
        precondition(tensor.remaining == 0, "the open tensor lacks \(tensor.remaining) bytes")
        typealias Record = ArtefactFormat.Record
        let key = ArtefactFormat.key(role: tensor.role.rawValue, layer: UInt32(tensor.layer))
        guard !records.contains(where: { $0.key == key }) else {
            throw .invalidField("tensor \(tensor.role)", value: "given twice", expected: "one per layer")
        }
        var record = [UInt8](repeating: 0, count: ArtefactFormat.recordSize)
        record.put(tensor.role.rawValue, at: Record.role)
        record.put(UInt32(tensor.layer), at: Record.layer)
        record.put(tensor.layout.rawValue, at: Record.layout)
        record.put(UInt64(tensor.rows), at: Record.rows)
        record.put(UInt64(tensor.columns), at: Record.columns)
        record.put(tensor.offset, at: Record.offset)
        record.put(UInt64(tensor.size), at: Record.size)
        record.put(tensor.checksum.value, at: Record.checksum)
        records.append((key, record))
        open = nil
    }

    /// Writes directory and header; the file is whole after this. Returns its size.
    package mutating func finish() throws(ArtefactError) -> UInt64 {
        precondition(open == nil, "a tensor is still open")
        typealias Header = ArtefactFormat.Header
        try align()
        let directory = records.sorted { $0.key < $1.key }.flatMap(\.record)
        header.put(byteCount, at: Header.directoryOffset)
        try directory.withBytes { bytes throws(ArtefactError) in try put(bytes) }
        try flush()
        fillEmptySections()
        header.put(ArtefactFormat.signature, at: Header.signature)
        header.put(ArtefactFormat.formatVersion, at: Header.formatVersion)
        header.put(ArtefactFormat.layoutVersion, at: Header.layoutVersion)
        header.put(ArtefactFormat.byteOrderMark, at: Header.byteOrderMark)
        header.put(ArtefactFormat.anyProcessor, at: Header.processorClass)
        header.put(written, at: Header.totalSize)
        header.put(UInt64(records.count), at: Header.tensorCount)
        configuration.encode(into: &header)
        let sum = header.withUnsafeBytes { header in
            directory.withUnsafeBytes { ArtefactFormat.headerChecksum(header: header, directory: $0) }
        }
        header.put(sum, at: Header.checksum)
        try header.withBytes { bytes throws(ArtefactError) in try store(bytes, at: 0) }
        return written
    }

    /// A model without tokenizer or template has empty sections, which still need a valid place.
    private mutating func fillEmptySections() {
        typealias Header = ArtefactFormat.Header
        let none = Checksum().value
        for (offset, checksum) in [
            (Header.tokenizerOffset, Header.tokenizerChecksum), (Header.templateOffset, Header.templateChecksum),
        ] where header[offset..<offset + 8].allSatisfy({ $0 == 0 }) {
            header.put(UInt64(ArtefactFormat.headerSize), at: offset)
            header.put(none, at: checksum)
        }
    }

    private mutating func writeSection(
        _ bytes: UnsafeRawBufferPointer, offset: Int, size: Int, checksum: Int
    ) throws(ArtefactError) {
        precondition(open == nil, "a section is begun inside a tensor")
        try align()
        header.put(byteCount, at: offset)
        header.put(UInt64(bytes.count), at: size)
        header.put(Checksum.of(bytes), at: checksum)
        try put(bytes)
    }

    private mutating func align() throws(ArtefactError) {
        let rest = Int(byteCount % UInt64(ArtefactFormat.alignment))
        guard rest != 0 else { return }
        buffer.append(contentsOf: repeatElement(0, count: ArtefactFormat.alignment - rest))
    }

    private mutating func put(_ bytes: UnsafeRawBufferPointer) throws(ArtefactError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            if buffer.count >= Self.bufferSize { try flush() }
            let part = rest.prefix(Self.bufferSize - buffer.count)
            buffer.append(contentsOf: part)
            rest = rest.dropFirst(part.count)
        }
    }

    private mutating func flush() throws(ArtefactError) {
        try buffer.withBytes { bytes throws(ArtefactError) in try store(bytes, at: written) }
        written += UInt64(buffer.count)
        buffer.removeAll(keepingCapacity: true)
    }

    private func store(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(ArtefactError) {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            let count = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(done))
            if count < 0 {
                guard errno == EINTR else { throw .writeFailed(code: errno) }
                continue
            }
            guard count > 0 else { throw .writeFailed(code: EIO) }
            done += count
        }
    }
}
