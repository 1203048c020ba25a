// SPDX-License-Identifier: Apache-2.0

import Testing
import Tokenization

@Suite("IncrementalDetokenizer")
struct IncrementalDetokenizerTests {
    /// One token for each byte, id = byte.
    private let bytes = Vocabulary(
        tokens: (UInt8.min ... .max).map { String(Character(ByteAlphabet.scalar(of: $0))) },
        kinds: Array(repeating: .normal, count: 256), merges: [], preTokenizer: .gpt2)

    @Test("characters appear when their last byte has come")
    func wholeCharacters() throws {
        try withTokenizer(bytes) { tokenizer in
            var detokenizer = IncrementalDetokenizer(tokenizer)
            for character in "aß你🙂" {
                let encoded = Array(String(character).utf8)
                for byte in encoded.dropLast() { #expect(detokenizer.append(Int32(byte)) == []) }
                #expect(detokenizer.append(Int32(encoded[encoded.count - 1])) == encoded)
            }
            #expect(detokenizer.flush() == [])
        }
    }

    @Test("text that another process delivered is not repeated")
    func replay() throws {
        try withTokenizer(bytes) { tokenizer in
            var detokenizer = IncrementalDetokenizer(tokenizer)
            detokenizer.replay([0x61, 0xF0, 0x9F, 0x99])
            #expect(detokenizer.append(0x82) == Array("🙂".utf8))
        }
    }

    @Test("what is no UTF-8 becomes U+FFFD and what follows is kept")
    func invalid() throws {
        try withTokenizer(bytes) { tokenizer in
            var detokenizer = IncrementalDetokenizer(tokenizer)
            var text: [UInt8] = []
            for byte: Int32 in [0xFF, 0x61, 0xE4, 0x61, 0xED, 0xA0, 0x80, 0xF0, 0x9F] {
                text += detokenizer.append(byte)
            }
            text += detokenizer.flush()
            #expect(String(decoding: text, as: UTF8.self) == "\u{FFFD}a\u{FFFD}a\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}")
            #expect(String(validating: text, as: UTF8.self) != nil)
        }
    }
}
