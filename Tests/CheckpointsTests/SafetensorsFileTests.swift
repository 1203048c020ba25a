// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import TestSupport
import Testing

@Suite("SafetensorsFile")
struct SafetensorsFileTests {
    private func sample() -> SafetensorsBuilder {
        var builder = SafetensorsBuilder()
        builder.addEntry("__metadata__", #"{"format":"pt"}"#)
        builder.add("norm", "F32", [3], (0..<12).map { UInt8($0) })
        builder.add("matrix", "BF16", [3, 2], (0..<12).map { UInt8($0 + 100) })
        return builder
    }

    /// What reading the bytes says: nil when it succeeds.
    private func refusal(_ bytes: [UInt8]) -> String? {
        bytes.withUnsafeBytes { bytes in
            do throws(CheckpointError) {
                _ = try SafetensorsFile(bytes, file: "model.safetensors")
                return nil
            } catch {
                return error.description
            }
        }
    }

    @Test("tensors are read with the innermost size first")
    func reading() throws {
        try sample().file().withUnsafeBytes { bytes in
            let file = try SafetensorsFile(bytes, file: "model.safetensors")
            #expect(Set(file.tensors.keys) == ["norm", "matrix"])
            let matrix = try #require(file.tensors["matrix"])
            #expect(matrix.dimensions == [2, 3] && matrix.type == .bf16)
            #expect(Array(matrix.data) == (0..<12).map { UInt8($0 + 100) })
        }
    }

    @Test("a type that is not read matters only for tensors that are")
    func types() throws {
        var builder = sample()
        builder.add("positions", "I64", [1], [UInt8](repeating: 0, count: 8))
        let bytes = builder.file()
        #expect(refusal(bytes)?.contains("'positions' is stored as I64") == true)
        try bytes.withUnsafeBytes { bytes in
            let file = try SafetensorsFile(bytes, file: "x") { $0 == "positions" }
            #expect(file.tensors.count == 2)
        }
    }

    @Test("every truncation is refused")
    func truncations() {
        let bytes = sample().file()
        for size in 0..<bytes.count { #expect(refusal(Array(bytes[..<size])) != nil, "cut to \(size) bytes") }
        #expect(refusal(bytes) == nil)
        #expect(refusal(bytes + [0])?.contains("has 1 bytes behind its last tensor") == true)
    }

    @Test("forged sizes, shapes and places are refused by name")
    func forgeries() {
        #expect(refusal(sample().file(headerSize: .max))?.contains("header in model.safetensors") == true)
        #expect(refusal(sample().file(headerSize: 1 << 20))?.contains("ends inside the header") == true)
        #expect(refusal(GGUFBuilder.bytes(UInt64(2)) + Array("[]".utf8))?.contains("no JSON object") == true)
        func refusalWith(_ entry: String) -> String {
            var builder = sample()
            builder.addEntry("t", entry)
            return refusal(builder.file()) ?? "none"
        }
        let field = "data_offsets of tensor 't'"
        for offsets in [
            "[]", "[24]", "[24,23]", "[24,24,24]", "[-1,4]", "[1.5,24]", "[24,1e300]", "\"x\"", "[24,\"x\"]",
        ] {
            let text = refusalWith(#"{"dtype":"F32","shape":[1],"data_offsets":\#(offsets)}"#)
            #expect(text.contains(field) || text.contains("no JSON"), "\(offsets): \(text)")
        }
        #expect(refusalWith(#"{"dtype":"F32","shape":[1],"data_offsets":[24,28]}"#).contains("ends inside tensor 't'"))
        // A place that another tensor has already.
        #expect(refusalWith(#"{"dtype":"F32","shape":[1],"data_offsets":[8,12]}"#).contains("begin at"))
        for shape in ["[2]", "[0]", "[-1]", "[1.5]", "[1,1,1,1,1]", "[4294967296,4294967296,4294967296]", "{}", "7"] {
            let text = refusalWith(#"{"dtype":"F32","shape":\#(shape),"data_offsets":[20,24]}"#)
            #expect(text.contains("tensor 't'"), "\(shape): \(text)")
        }
        #expect(refusalWith("7").contains(field))
    }

    @Test("random damage never does more than fail")
    func damage() {
        let bytes = sample().file()
        var state: UInt64 = 78
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for _ in 0..<5000 {
            var damaged = bytes
            for _ in 0...random(4) { damaged[random(bytes.count)] = UInt8(random(256)) }
            damaged.withUnsafeBytes { bytes in
                guard let file = try? SafetensorsFile(bytes, file: "x") else { return }
                for tensor in file.tensors.values {
                    #expect(tensor.data.count == tensor.elementCount * tensor.type.blockByteCount)
                }
            }
        }
    }
}
