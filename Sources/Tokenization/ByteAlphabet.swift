// SPDX-License-Identifier: Apache-2.0

/// The characters by which vocabularies of byte-level models write bytes: printable Latin-1 stands for itself, the
/// other 68 bytes, in their order, for the characters from U+0100 on.
package enum ByteAlphabet {
    private static let firstSubstitute: UInt32 = 0x100

    /// The scalar that stands for a byte.
    package static func scalar(of byte: UInt8) -> Unicode.Scalar {
        guard !isPrintable(byte) else { return Unicode.Scalar(byte) }
        let index = (0..<byte).reduce(0) { $0 + (isPrintable($1) ? 0 : 1) }
        return Unicode.Scalar(firstSubstitute + UInt32(index)) ?? Unicode.Scalar(byte)
    }

    /// The byte that each scalar below U+0144 stands for.
    private static let bytes: [UInt32: UInt8] = Dictionary(
        uniqueKeysWithValues: (UInt8.min ... .max).map { (scalar(of: $0).value, $0) })

    /// The bytes of a token's text; nil where a character is not of the alphabet.
    package static func bytes(of text: String) -> [UInt8]? {
        var result: [UInt8] = []
        for scalar in text.unicodeScalars {
            guard let byte = bytes[scalar.value] else { return nil }
            result.append(byte)
        }
        return result
    }

    private static func isPrintable(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: true
        default: false
        }
    }
}
