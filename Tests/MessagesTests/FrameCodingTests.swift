// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Messages

@Suite("Frame coding")
struct FrameCodingTests {
    private func frame(_ fill: (inout FrameWriter) -> Void) -> [UInt8] {
        var writer = FrameWriter(kind: 9)
        fill(&writer)
        return writer.finish()
    }

    @Test("What was put in comes out in the same order")
    func roundTrip() throws {
        let bytes = frame {
            $0.put(UInt64.max)
            $0.put(Int32(-5))
            $0.put(Float(0.25))
            $0.put("grün")
            $0.put(bytes: [1, 2, 3])
        }
        try bytes.withUnsafeBytes { bytes in
            var reader = try FrameReader(bytes)
            #expect(reader.kind == 9)
            #expect(try reader.take(UInt64.self, "a") == .max)
            #expect(try reader.take(Int32.self, "b") == -5)
            #expect(try reader.takeFloat("c") == 0.25)
            #expect(try reader.takeText("d", limit: 10) == "grün")
            #expect(try reader.takeBytes("e", limit: 3) == [1, 2, 3])
            try reader.finish()
        }
    }

    @Test("A length over its limit is refused before anything is read")
    func limit() {
        let bytes = frame { $0.put("too long") }
        #expect(throws: FrameError.outOfRange(field: "text")) {
            try bytes.withUnsafeBytes { bytes in
                var reader = try FrameReader(bytes)
                _ = try reader.takeText("text", limit: 3)
            }
        }
    }

    @Test("Text that is not UTF-8 is refused")
    func invalidText() {
        let bytes = frame { $0.put(bytes: [0xff, 0xfe]) }
        #expect(throws: FrameError.invalidText(field: "text")) {
            try bytes.withUnsafeBytes { bytes in
                var reader = try FrameReader(bytes)
                _ = try reader.takeText("text", limit: 3)
            }
        }
    }

    @Test("A header that lies about length, version or reserved bytes is refused")
    func header() {
        let good = frame { $0.put(UInt8(1)) }
        for (offset, value) in [(0, good[0] + 1), (4, FrameHeader.version + 1), (6, 1), (7, 1)] {
            var bad = good
            bad[offset] = value
            #expect(throws: FrameError.self) { try bad.withUnsafeBytes { _ = try FrameReader($0) } }
        }
    }

    @Test("Bytes that nobody asked for are refused")
    func trailing() {
        let bytes = frame { $0.put(UInt16(1)) }
        #expect(throws: FrameError.trailingBytes(2)) {
            try bytes.withUnsafeBytes { try FrameReader($0).finish() }
        }
    }
}
