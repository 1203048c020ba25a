// SPDX-License-Identifier: Apache-2.0

import Artefacts
import Glibc

/// A small packed model in memory at an aligned address, with a file of its own for the writer.
struct ArtefactFixture {
    static let configuration = ModelConfiguration(
        architecture: .llama, name: "tiny", parameterCount: 1234, layerCount: 2, hiddenSize: 8, headCount: 2,
        keyValueHeadCount: 1, headSize: 4, feedForwardSize: 16, vocabularySize: 40, contextLength: 64,
        ropeBase: 10_000, ropeDimensions: 4, normEpsilon: 1e-5)

    /// The whole file of a model with an embedding, two norms, a tokenizer and a template.
    static func bytes() throws -> [UInt8] {
        try written { writer throws(ArtefactError) in
            try writer.writeTokenizer(Array("tokenizer".utf8))
            try writer.writeChatTemplate(Array("template".utf8))
            try writer.beginTensor(.attentionNorm, layer: 1, layout: .vectorF32, rows: 1, columns: 8)
            try writer.append([UInt8](repeating: 7, count: 32))
            try writer.endTensor()
            try writer.beginTensor(.tokenEmbedding, layout: .panelF16, rows: 40, columns: 8)
            try writer.append([UInt8](repeating: 1, count: 512))
            try writer.append([UInt8](repeating: 2, count: 512))
            try writer.endTensor()
            try writer.beginTensor(.attentionNorm, layer: 0, layout: .vectorF32, rows: 1, columns: 8)
            try writer.append([UInt8](repeating: 9, count: 32))
            try writer.endTensor()
        }
    }

    /// What a writer stored in a file after `body` and `finish`.
    static func written(
        _ configuration: ModelConfiguration = configuration, _ body: (inout ArtefactWriter) throws -> Void
    ) throws -> [UInt8] {
        guard let file = tmpfile() else { throw ArtefactError.writeFailed(code: errno) }
        defer { fclose(file) }
        var writer = try ArtefactWriter(descriptor: fileno(file), configuration: configuration)
        try body(&writer)
        let size = try writer.finish()
        var bytes = [UInt8](repeating: 0, count: Int(size) + 1)
        let count = pread(fileno(file), &bytes, bytes.count, 0)
        guard count == Int(size) else { throw ArtefactError.writeFailed(code: EIO) }
        bytes.removeLast()
        return bytes
    }

    /// Runs `body` with the bytes at an address that is a multiple of 64.
    static func aligned<Result>(
        _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
        defer { memory.deallocate() }
        memory.copyBytes(from: bytes)
        return try body(UnsafeRawBufferPointer(memory))
    }

    /// Whether the bytes verify.
    static func verifies(_ bytes: [UInt8]) -> Bool {
        aligned(bytes) { (try? Artefact(verifying: $0)) != nil }
    }
}

extension ArtefactWriter {
    mutating func writeTokenizer(_ bytes: [UInt8]) throws(ArtefactError) {
        try bytes.withBytes { buffer throws(ArtefactError) in try writeTokenizer(buffer) }
    }

    mutating func writeChatTemplate(_ bytes: [UInt8]) throws(ArtefactError) {
        try bytes.withBytes { buffer throws(ArtefactError) in try writeChatTemplate(buffer) }
    }

    mutating func append(_ bytes: [UInt8]) throws(ArtefactError) {
        try bytes.withBytes { buffer throws(ArtefactError) in try append(buffer) }
    }
}
