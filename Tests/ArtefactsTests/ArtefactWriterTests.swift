// SPDX-License-Identifier: Apache-2.0

import Artefacts
import Testing

@Suite("ArtefactWriter")
struct ArtefactWriterTests {
    @Test("a model without tokenizer and template has empty sections")
    func emptySections() throws {
        let bytes = try ArtefactFixture.written { _ in }
        try ArtefactFixture.aligned(bytes) { bytes in
            let artefact = try Artefact(verifying: bytes)
            #expect(artefact.tokenizerTables.isEmpty)
            #expect(artefact.chatTemplate.isEmpty)
            try artefact.verifyContents()
        }
    }

    @Test("tensors larger than the buffer arrive whole")
    func largeTensor() throws {
        let chunk = (0..<1 << 16).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let bytes = try ArtefactFixture.written { writer in
            try writer.beginTensor(.output, layout: .panelF32, rows: 4096, columns: 160)
            for _ in 0..<40 { try writer.append(chunk) }
            try writer.endTensor()
            try writer.beginTensor(.outputNorm, layout: .panelF32, rows: 4096, columns: 128)
            try writer.append([UInt8](repeating: 3, count: 1 << 21))
            try writer.endTensor()
        }
        try ArtefactFixture.aligned(bytes) { bytes in
            let artefact = try Artefact(verifying: bytes)
            try artefact.verifyContents()
            let output = try #require(artefact.tensor(.output))
            let last = UnsafeRawBufferPointer(start: output.data, count: output.byteCount).suffix(chunk.count)
            #expect(Array(last) == chunk)
        }
    }

    @Test("a tensor given twice is refused")
    func duplicate() throws {
        #expect(throws: ArtefactError.self) {
            _ = try ArtefactFixture.written { writer in
                for _ in 0..<2 {
                    try writer.beginTensor(.outputNorm, layout: .vectorF32, rows: 1, columns: 1)
                    try writer.append([0, 0, 0, 0])
                    try writer.endTensor()
                }
            }
        }
    }

    @Test("a refused write is reported with its code")
    func fullDisk() throws {
        var writer = try ArtefactWriter(descriptor: -1, configuration: ArtefactFixture.configuration)
        #expect(throws: ArtefactError.writeFailed(code: 9)) { try writer.finish() }
    }

    @Test("a configuration out of range is refused before anything is written")
    func configuration() {
        var configuration = ArtefactFixture.configuration
        configuration.keyValueHeadCount = 3
        #expect(throws: ArtefactError.self) { _ = try ArtefactWriter(descriptor: -1, configuration: configuration) }
        configuration = ArtefactFixture.configuration
        configuration.ropeBase = .infinity
        #expect(throws: ArtefactError.self) { _ = try ArtefactWriter(descriptor: -1, configuration: configuration) }
        configuration = ArtefactFixture.configuration
        configuration.name = String(repeating: "n", count: 129)
        #expect(throws: ArtefactError.self) { _ = try ArtefactWriter(descriptor: -1, configuration: configuration) }
    }
}
