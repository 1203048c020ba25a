// SPDX-License-Identifier: Apache-2.0

import Messages
import Testing

@Suite("CheckpointBundle")
struct CheckpointBundleTests {
    private func stream(_ bundle: CheckpointBundle) -> [UInt8] {
        bundle.head + [UInt8](repeating: 7, count: bundle.byteCount - bundle.head.count)
    }

    private func refusal(_ bytes: [UInt8]) -> CheckpointBundleError? {
        bytes.withUnsafeBytes { bytes in
            do throws(CheckpointBundleError) {
                _ = try CheckpointBundle(reading: bytes)
                return nil
            } catch {
                return error
            }
        }
    }

    @Test("what was written is read, each file at a multiple of 64")
    func roundTrip() throws {
        let bundle = try CheckpointBundle([("config.json", 10), ("empty", 0), ("größe.safetensors", 1000)])
        #expect(bundle.files.allSatisfy { $0.offset % 64 == 0 })
        #expect(bundle.files.map(\.byteCount) == [10, 0, 1000])
        #expect(bundle.head.count == bundle.files[0].offset)
        try stream(bundle).withUnsafeBytes { bytes in
            #expect(CheckpointBundle.isBundle(bytes))
            let read = try CheckpointBundle(reading: bytes)
            #expect(read == bundle)
        }
    }

    @Test("names that lead elsewhere, come twice or change a terminal, and impossible sizes are refused")
    func contents() {
        for name in ["", "a/b", "../a", "a\u{1B}[2J", "a\n", String(repeating: "x", count: 256)] where name != "../a" {
            #expect(throws: CheckpointBundleError.self) { try CheckpointBundle([(name, 1)]) }
        }
        #expect(throws: CheckpointBundleError.fileName("../a")) { try CheckpointBundle([("../a", 1)]) }
        #expect(throws: CheckpointBundleError.fileName("a")) { try CheckpointBundle([("a", 1), ("a", 2)]) }
        #expect(throws: CheckpointBundleError.fileSize("a")) { try CheckpointBundle([("a", -1)]) }
        #expect(throws: CheckpointBundleError.fileSize("b")) { try CheckpointBundle([("a", .max - 200), ("b", 300)]) }
        #expect(throws: CheckpointBundleError.fileCount(0)) { try CheckpointBundle([]) }
    }

    @Test("every truncation, another version and forged counts are refused")
    func forgeries() throws {
        let bytes = stream(try CheckpointBundle([("config.json", 10), ("model.safetensors", 100)]))
        for size in 0..<bytes.count { #expect(refusal(Array(bytes[..<size])) == .truncated, "cut to \(size) bytes") }
        var other = bytes
        other[8] = 9
        #expect(refusal(other) == .version(9))
        other = bytes
        other.replaceSubrange(12..<16, with: [255, 255, 255, 255])
        #expect(refusal(other) == .fileCount(Int(UInt32.max)))
        other = bytes
        other.replaceSubrange(29..<37, with: [UInt8](repeating: 255, count: 8))
        #expect(refusal(other) == .fileSize("config.json"))
    }
}
