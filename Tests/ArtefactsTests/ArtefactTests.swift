// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Artefacts

@Suite("Artefact: the verifying reader")
struct ArtefactTests {
    @Test("what the writer stored is read back")
    func roundTrip() throws {
        try ArtefactFixture.aligned(ArtefactFixture.bytes()) { bytes in
            let artefact = try Artefact(verifying: bytes)
            #expect(artefact.configuration == ArtefactFixture.configuration)
            #expect(String(decoding: artefact.tokenizerTables, as: UTF8.self) == "tokenizer")
            #expect(String(decoding: artefact.chatTemplate, as: UTF8.self) == "template")
            #expect(artefact.tensorCount == 3)
            #expect(artefact.byteCount == bytes.count)
            let embedding = try #require(artefact.tensor(.tokenEmbedding))
            #expect(embedding.rows == 40)
            #expect(embedding.columns == 8)
            #expect(embedding.byteCount == 1024)
            #expect(UInt(bitPattern: embedding.data) % 64 == 0)
            #expect(embedding.data.load(fromByteOffset: 511, as: UInt8.self) == 1)
            #expect(embedding.data.load(fromByteOffset: 512, as: UInt8.self) == 2)
            #expect(artefact.tensor(.attentionNorm, layer: 0)?.data.load(as: UInt8.self) == 9)
            #expect(artefact.tensor(.attentionNorm, layer: 1)?.data.load(as: UInt8.self) == 7)
            try artefact.verifyContents()
        }
    }

    @Test("a tensor that the model lacks is nil")
    func missingTensor() throws {
        try ArtefactFixture.aligned(ArtefactFixture.bytes()) { bytes in
            let artefact = try Artefact(verifying: bytes)
            #expect(artefact.tensor(.output) == nil)
            #expect(artefact.tensor(.attentionNorm, layer: 2) == nil)
            #expect(artefact.tensor(.attentionNorm, layer: -1) == nil)
        }
    }

    @Test("every truncation is refused")
    func truncations() throws {
        let bytes = try ArtefactFixture.bytes()
        for size in 0..<bytes.count {
            #expect(!ArtefactFixture.verifies(Array(bytes[..<size])), "cut to \(size) bytes")
        }
    }

    @Test("every changed bit of header and directory is refused")
    func flippedBits() throws {
        let bytes = try ArtefactFixture.bytes()
        let directory = bytes.count - 3 * 64
        for index in Array(0..<ArtefactFormat.headerSize) + Array(directory..<bytes.count) {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[index] ^= 1 << bit
                #expect(!ArtefactFixture.verifies(damaged), "byte \(index) bit \(bit)")
            }
        }
    }

    @Test("random damage never does more than fail, also with a checksum made to fit")
    func randomDamage() throws {
        let bytes = try ArtefactFixture.bytes()
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<2000 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let directory = bytes.count - 3 * 64
                let index =
                    Bool.random(using: &generator)
                    ? Int.random(in: 24..<400, using: &generator)
                    : Int.random(in: directory..<bytes.count, using: &generator)
                damaged[index] = UInt8.random(in: .min ... .max, using: &generator)
            }
            ArtefactFixture.reseal(&damaged)
            ArtefactFixture.aligned(damaged) { bytes in
                guard let artefact = try? Artefact(verifying: bytes) else { return }
                try? artefact.verifyContents()
            }
        }
    }

    @Test("changed contents verify at start and are named by the full check")
    func damagedContents() throws {
        var bytes = try ArtefactFixture.bytes()
        bytes[bytes.count - 3 * 64 - 64] ^= 1
        try ArtefactFixture.aligned(bytes) { bytes in
            let artefact = try Artefact(verifying: bytes)
            #expect(throws: ArtefactError.self) { try artefact.verifyContents() }
        }
    }

    @Test("a later format version names both versions")
    func laterVersion() throws {
        var bytes = try ArtefactFixture.bytes()
        let known = ArtefactFormat.formatVersion
        bytes[8] = UInt8(known + 1)
        _ = ArtefactFixture.aligned(bytes) { bytes in
            #expect(throws: ArtefactError.unsupported(what: "format version", found: known + 1, known: known)) {
                try Artefact(verifying: bytes)
            }
        }
    }

    @Test("an address that is not aligned is refused")
    func unaligned() throws {
        let bytes = try [0] + ArtefactFixture.bytes()
        _ = ArtefactFixture.aligned(bytes) { bytes in
            #expect(throws: ArtefactError.self) {
                try Artefact(verifying: UnsafeRawBufferPointer(rebasing: bytes[1...]))
            }
        }
    }
}
