// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ServingModel

@Suite("Vectors as text")
struct VectorTextTests {
    @Test(
        "The text is base 64 of little-endian floats",
        arguments: [([1] as [Float], "AACAPw=="), ([], ""), ([0.5, -2], "AAAAPwAAAMA=")])
    func known(vector: [Float], text: String) {
        #expect(VectorText.text(vector) == text)
        #expect(VectorText.vector(text) == vector)
    }

    @Test("Vectors of every length read back to the bit")
    func roundTrip() {
        for count in 0..<50 {
            let vector = (0..<count).map { Float(bitPattern: UInt32($0) &* 0x9E37_79B9 & 0x7F7F_FFFF) }
            #expect(VectorText.vector(VectorText.text(vector)) == vector)
        }
    }

    @Test(
        "What is no vector reads as none",
        arguments: ["A", "AAAA", "AACAPw=", "AACAP?==", "=AACAPw=", "AACAPw==AACAPw=="])
    func hostile(text: String) {
        #expect(VectorText.vector(text) == nil)
    }
}
