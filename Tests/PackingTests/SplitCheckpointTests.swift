// SPDX-License-Identifier: Apache-2.0

import Artefacts
import Checkpoints
import Foundation
import TestSupport
import Testing

@testable import Packing

@Suite("Checkpoints of several GGUF files")
struct SplitCheckpointTests {
    /// All tensors of the tiny model.
    private static func names() throws -> [String] {
        try LlamaFile().bytes().withUnsafeBytes { try GGUFFile($0).tensors.map(\.name) }
    }

    /// The tiny model in parts; the settings may be forged.
    private static func parts(
        _ count: Int, tensors: UInt32? = nil, number: (Int) -> Int = { $0 }, keeps: (Int, Int) -> Bool
    ) throws -> FolderBuilder {
        let names = try names()
        var folder = FolderBuilder()
        for part in 0..<count {
            var file = LlamaFile()
            file.withoutTensors = Set(names.enumerated().filter { !keeps($0.offset, part) }.map(\.element))
            let declared = number(part)
            file.extend = { builder in
                builder.add("split.no", type: 2, GGUFBuilder.bytes(UInt16(declared)))
                builder.add("split.count", type: 2, GGUFBuilder.bytes(UInt16(count)))
                builder.add("split.tensors.count", type: 5, GGUFBuilder.bytes(Int32(tensors ?? UInt32(names.count))))
            }
            folder.files["tiny-0000\(part + 1)-of-0000\(count).gguf"] = file.bytes()
        }
        return folder
    }

    @Test("the parts of a split file become what the whole file becomes", arguments: [2, 3, 5])
    func whole(count: Int) throws {
        try Self.expectEqual(
            try Packed(try Self.parts(count) { $0 % count == $1 }.bundle()), try Packed(LlamaFile().bytes()))
    }

    private static func expectEqual(_ split: Packed, _ whole: Packed) throws {
        #expect(split.artefact.configuration == whole.artefact.configuration)
        #expect(split.artefact.tensorCount == whole.artefact.tensorCount)
        for index in 0..<whole.artefact.tensorCount {
            let (ours, theirs) = (split.artefact.tensor(at: index), whole.artefact.tensor(at: index))
            let bytes = [ours, theirs].map { Array(UnsafeRawBufferPointer(start: $0.data, count: $0.byteCount)) }
            #expect(ours.role == theirs.role && bytes[0] == bytes[1])
        }
    }

    @Test("a file that the format's own library split becomes what the whole file becomes")
    func fixture() throws {
        let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures")
        var folder = FolderBuilder()
        for part in 1...3 {
            let name = "qwen2-0000\(part)-of-00003.gguf"
            folder.files[name] = Array(try Data(contentsOf: fixtures.appendingPathComponent("split/\(name)")))
        }
        try Self.expectEqual(
            try Packed(try folder.bundle()), try Packed(ReferenceModel(named: "qwen2").file))
    }

    @Test("a first part without tensors, as the format's own program writes it on demand, is none the less the first")
    func emptyFirst() throws {
        let split = try Packed(try Self.parts(2) { _, part in part == 1 }.bundle())
        #expect(split.artefact.tensorCount == (try Packed(LlamaFile().bytes())).artefact.tensorCount)
    }

    @Test("parts that are missing, doubled or of other models are refused")
    func wrong() throws {
        var missing = try Self.parts(3) { $0 % 3 == $1 }
        missing.files["tiny-00002-of-00003.gguf"] = nil
        let doubled = try Self.parts(2, number: { _ in 1 }) { $0 % 2 == $1 }
        let overlapping = try Self.parts(2) { index, part in part == 0 || index == 0 }
        let short = try Self.parts(2, tensors: 99) { $0 % 2 == $1 }
        let cases = [
            (missing, "of a checkpoint of 3 files, and 2 came"), (doubled, "split.no"),
            (overlapping, "in two of its files"),
            (short, "split.tensors.count is 99"),
        ]
        for (folder, words) in cases {
            let refusal = try #require(Packed.refusal(try folder.bundle()))
            #expect(refusal.text.contains(words), "\(refusal.text)")
            #expect(refusal.status == 65)
        }
        let alone = try #require(try Self.parts(2) { $0 % 2 == $1 }.files["tiny-00002-of-00002.gguf"])
        #expect(try #require(Packed.refusal(alone)).text.contains("number 1 (from 0) of a checkpoint of 2 files"))
    }
}
