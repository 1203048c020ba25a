// SPDX-License-Identifier: Apache-2.0

/// A verified view over the mapped bytes of a packed model. Nothing is copied; the bytes must stay mapped and
/// unchanged as long as the view is used (the model store's files are never modified).
package struct Artefact: @unchecked Sendable {
    /// The model's shape, each value within the ranges of `ModelConfiguration.validate()`.
    package let configuration: ModelConfiguration
    /// The section that `Tokenization` verifies and reads.
    package let tokenizerTables: UnsafeRawBufferPointer
    /// The section that `ChatTemplates` verifies and reads; empty where the model has no template.
    package let chatTemplate: UnsafeRawBufferPointer
    /// Number of tensors.
    package let tensorCount: Int

    private let bytes: UnsafeRawBufferPointer
    private let directory: UnsafeRawBufferPointer

    /// Size of the whole file.
    package var byteCount: Int { bytes.count }

    /// Checks the header and the directory with all that they point to: after this no access through the view
    /// can leave the bytes. The weights themselves are not read. `bytes` must start at a multiple of 64.
    package init(verifying bytes: UnsafeRawBufferPointer) throws(ArtefactError) {
        typealias Header = ArtefactFormat.Header
        try Self.verifyIdentity(of: bytes)
        let directory = try Self.verifiedDirectory(of: bytes)
        try Self.verifyChecksum(of: bytes, directory: directory)
        let configuration = try ModelConfiguration(decoding: bytes)
        try configuration.validate()

        self.bytes = bytes
        self.directory = directory
        self.configuration = configuration
        tensorCount = directory.count / ArtefactFormat.recordSize
        tokenizerTables = try Self.section(
            "the tokenizer", of: bytes, offset: Header.tokenizerOffset, size: Header.tokenizerSize)
        chatTemplate = try Self.section(
            "the chat template", of: bytes, offset: Header.templateOffset, size: Header.templateSize)
        try verifyRecords()
    }

    /// The tensor of this role and layer; nil where the model has none.
    package func tensor(_ role: TensorRole, layer: Int = 0) -> PackedTensor? {
        guard let layer = UInt32(exactly: layer) else { return nil }
        let wanted = ArtefactFormat.key(role: role.rawValue, layer: layer)
        var low = 0
        var high = tensorCount
        while low < high {
            let middle = (low + high) / 2
            if key(at: middle) < wanted { low = middle + 1 } else { high = middle }
        }
        guard low < tensorCount, key(at: low) == wanted else { return nil }
        return tensor(at: low)
    }

    /// The tensor of a place in the directory, `0..<tensorCount`.
    package func tensor(at index: Int) -> PackedTensor {
        // Every record was decoded once at verification, so this cannot fail any more.
        guard let tensor = try? decodedRecord(index) else {
            preconditionFailure("record \(index) of a verified directory no longer decodes")
        }
        return tensor
    }

    /// Reads everything and compares the checksums of tokenizer, chat template and each tensor. Takes as long as
    /// reading the file; for imports and for `model verify`, not for starts.
    ///
    /// - Parameter progress: told of the bytes that are through, after each tensor.
    package func verifyContents(_ progress: (Int) -> Void = { _ in }) throws(ArtefactError) {
        typealias Header = ArtefactFormat.Header
        guard Checksum.of(tokenizerTables) == bytes.number(Header.tokenizerChecksum) else {
            throw .checksumMismatch(what: "the tokenizer")
        }
        guard Checksum.of(chatTemplate) == bytes.number(Header.templateChecksum) else {
            throw .checksumMismatch(what: "the chat template")
        }
        var done = tokenizerTables.count + chatTemplate.count
        for index in 0..<tensorCount {
            let tensor = tensor(at: index)
            let stored: UInt64 = directory.number(
                index * ArtefactFormat.recordSize + ArtefactFormat.Record.checksum)
            guard Checksum.of(UnsafeRawBufferPointer(start: tensor.data, count: tensor.byteCount)) == stored else {
                throw .checksumMismatch(what: "tensor \(tensor.role) of layer \(tensor.layer)")
            }
            done += tensor.byteCount
            progress(done)
        }
    }

    private func key(at index: Int) -> UInt64 {
        let start = index * ArtefactFormat.recordSize
        return ArtefactFormat.key(
            role: directory.number(start + ArtefactFormat.Record.role),
            layer: directory.number(start + ArtefactFormat.Record.layer))
    }

    private func verifyRecords() throws(ArtefactError) {
        for index in 0..<tensorCount {
            _ = try decodedRecord(index)
            guard index == 0 || key(at: index - 1) < key(at: index) else {
                throw .invalidField(
                    "directory record \(index)", value: "out of order", expected: "roles and layers ascending")
            }
        }
    }

    private func decodedRecord(_ index: Int) throws(ArtefactError) -> PackedTensor {
        typealias Record = ArtefactFormat.Record
        let record = directory.section(index * ArtefactFormat.recordSize, ArtefactFormat.recordSize)
        let name = "tensor \(index)"
        guard let role = TensorRole(rawValue: record.number(Record.role)) else {
            throw .invalidField(
                "\(name) role", value: "\(record.number(Record.role, as: UInt32.self))", expected: "a known role")
        }
        guard let layout = KernelLayout(rawValue: record.number(Record.layout)) else {
            throw .invalidField(
                "\(name) layout", value: "\(record.number(Record.layout, as: UInt32.self))", expected: "a known layout")
        }
        let layer = Int(record.number(Record.layer, as: UInt32.self))
        guard layer < configuration.layerCount else {
            throw .invalidField("\(name) layer", value: "\(layer)", expected: "less than \(configuration.layerCount)")
        }
        guard let rows = Int(exactly: record.number(Record.rows, as: UInt64.self)),
            let columns = Int(exactly: record.number(Record.columns, as: UInt64.self)),
            let size = layout.byteCount(rows: rows, columns: columns),
            UInt64(size) == record.number(Record.size)
        else {
            throw .invalidField("\(name) size", value: "not that of its shape", expected: "the size of \(layout)")
        }
        let data = try Self.section(name, of: bytes, at: record.number(Record.offset), size: UInt64(size))
        guard let start = data.baseAddress else {
            throw .invalidField("\(name) size", value: "0", expected: "at least one number")
        }
        return PackedTensor(
            role: role, layer: layer, layout: layout, rows: rows, columns: columns, data: start, byteCount: size)
    }
}

extension Artefact {
    static func verifyIdentity(of bytes: UnsafeRawBufferPointer) throws(ArtefactError) {
        typealias Header = ArtefactFormat.Header
        guard bytes.count >= 8, bytes.number(Header.signature) == ArtefactFormat.signature else {
            throw .notAnArtefact
        }
        guard bytes.count >= ArtefactFormat.headerSize else {
            throw .truncated(
                what: "the header", needed: UInt64(ArtefactFormat.headerSize), present: UInt64(bytes.count))
        }
        if let start = bytes.baseAddress, UInt(bitPattern: start) % UInt(ArtefactFormat.alignment) != 0 {
            throw .invalidField("address in memory", value: "unaligned", expected: "a multiple of 64")
        }
        let identity: [(String, Int, UInt32)] = [
            ("byte order", Header.byteOrderMark, ArtefactFormat.byteOrderMark),
            ("format version", Header.formatVersion, ArtefactFormat.formatVersion),
            ("layout version", Header.layoutVersion, ArtefactFormat.layoutVersion),
            ("processor class", Header.processorClass, ArtefactFormat.anyProcessor),
        ]
        for (what, offset, known) in identity {
            let found: UInt32 = bytes.number(offset)
            guard found == known else { throw .unsupported(what: what, found: found, known: known) }
        }
        let total: UInt64 = bytes.number(Header.totalSize)
        guard total <= UInt64(bytes.count) else {
            throw .truncated(what: "the file", needed: total, present: UInt64(bytes.count))
        }
        guard total == UInt64(bytes.count) else {
            throw .invalidField("size", value: "\(bytes.count) bytes", expected: "the \(total) of its header")
        }
    }

    static func verifiedDirectory(
        of bytes: UnsafeRawBufferPointer
    ) throws(ArtefactError) -> UnsafeRawBufferPointer {
        let count: UInt64 = bytes.number(ArtefactFormat.Header.tensorCount)
        guard count <= UInt64(ArtefactFormat.maxTensors) else {
            throw .invalidField("tensor count", value: "\(count)", expected: "at most \(ArtefactFormat.maxTensors)")
        }
        return try section(
            "the directory", of: bytes, at: bytes.number(ArtefactFormat.Header.directoryOffset),
            size: count * UInt64(ArtefactFormat.recordSize))
    }

    private static func verifyChecksum(
        of bytes: UnsafeRawBufferPointer, directory: UnsafeRawBufferPointer
    ) throws(ArtefactError) {
        let sum = ArtefactFormat.headerChecksum(
            header: bytes.section(0, ArtefactFormat.headerSize), directory: directory)
        guard sum == bytes.number(ArtefactFormat.Header.checksum) else {
            throw .checksumMismatch(what: "header and directory")
        }
    }

    private static func section(
        _ what: String, of bytes: UnsafeRawBufferPointer, offset: Int, size: Int
    ) throws(ArtefactError) -> UnsafeRawBufferPointer {
        try section(what, of: bytes, at: bytes.number(offset), size: bytes.number(size))
    }

    private static func section(
        _ what: String, of bytes: UnsafeRawBufferPointer, at offset: UInt64, size: UInt64
    ) throws(ArtefactError) -> UnsafeRawBufferPointer {
        let total = UInt64(bytes.count)
        guard offset >= UInt64(ArtefactFormat.headerSize), offset <= total, size <= total - offset else {
            throw .truncated(what: what, needed: size, present: offset <= total ? total - offset : 0)
        }
        guard offset % UInt64(ArtefactFormat.alignment) == 0 else {
            throw .invalidField("\(what) offset", value: "\(offset)", expected: "a multiple of 64")
        }
        return bytes.section(Int(offset), Int(size))
    }
}
