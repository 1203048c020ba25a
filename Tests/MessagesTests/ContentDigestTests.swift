// SPDX-License-Identifier: Apache-2.0
import CContentDigest
import Messages
import Testing

@Suite struct ContentDigestTests {
    private func digest(_ text: String, cut: Int = .max) -> String {
        var digest = ContentDigest()
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            Array(rest.prefix(cut)).withUnsafeBytes { digest.update($0) }
            rest = rest.dropFirst(cut)
        }
        return digest.finish()
    }

    @Test("the standard's own examples")
    func knownAnswers() {
        #expect(digest("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
                == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
        #expect(
            digest(String(repeating: "a", count: 1_000_000))
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test("how the content is cut does not matter", arguments: [1, 3, 55, 56, 63, 64, 65, 128, 1000])
    func cuts(_ cut: Int) {
        let text = String(repeating: "0123456789", count: 97)
        #expect(digest(text, cut: cut) == digest(text))
    }

    @Test("the processor's instructions give what the portable steps give")
    func instructions() {
        let blocks = (0..<64 * 37).map { UInt8(truncatingIfNeeded: $0 * 131 + $0 >> 6) }
        var (fast, portable) = ([UInt32](1...8), [UInt32](1...8))
        content_digest_blocks(&fast, blocks, 37)
        content_digest_portable(&portable, blocks, 37)
        #expect(fast == portable)
    }

    @Test("only 64 lower-case hexadecimal digits are a digest")
    func validity() {
        #expect(ContentDigest.isValid(String(repeating: "0af9", count: 16)))
        for bad in ["", String(repeating: "A", count: 64), String(repeating: "g", count: 64), "../x"] {
            #expect(!ContentDigest.isValid(bad))
        }
    }
}
