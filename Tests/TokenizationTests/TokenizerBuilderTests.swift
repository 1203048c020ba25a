// SPDX-License-Identifier: Apache-2.0

import Testing
import Tokenization

@Suite("TokenizerBuilder")
struct TokenizerBuilderTests {
    private func vocabulary(_ change: (inout Vocabulary) -> Void) -> Vocabulary {
        var vocabulary = Vocabulary(
            tokens: ["a", "b", "ab", "<end>"], kinds: [.normal, .normal, .normal, .control], merges: ["a b"],
            preTokenizer: .gpt2, endTokens: [3])
        change(&vocabulary)
        return vocabulary
    }

    private func refusal(_ change: (inout Vocabulary) -> Void) -> String {
        do throws(TokenizerError) {
            _ = try TokenizerBuilder.section(for: vocabulary(change))
            return "none"
        } catch {
            return error.description
        }
    }

    @Test("a small vocabulary works")
    func small() throws {
        try withTokenizer(vocabulary { _ in }) { tokenizer in
            #expect(tokenizer.encode(Array("abba".utf8), control: .asText) == [2, 1, 0])
            #expect(tokenizer.encode(Array("xay".utf8), control: .asText) == [0])
        }
    }

    @Test("bytes that the vocabulary lacks become the unknown token")
    func unknown() throws {
        try withTokenizer(vocabulary { $0.unknownToken = 3 }) { tokenizer in
            #expect(tokenizer.encode(Array("xay".utf8), control: .asText) == [3, 0, 3])
        }
    }

    @Test("contradictions are named")
    func contradictions() {
        #expect(refusal { $0.tokens = [] }.contains("no tokens"))
        #expect(refusal { $0.kinds.removeLast() }.contains("3 token types"))
        #expect(refusal { $0.merges = ["a c"] }.contains("merge 0 joins 'a' and 'c'"))
        #expect(refusal { $0.merges = ["ab"] }.contains("merge 0 is not a pair"))
        #expect(refusal { $0.beginToken = 4 }.contains("special token 4"))
        #expect(refusal { $0.endTokens = [-2] }.contains("special token -2"))
        #expect(refusal { $0.endTokens = Array(repeating: 0, count: 17) }.contains("17 end tokens"))
        #expect(refusal { $0.tokens[3] = String(repeating: "<", count: 600) }.contains("600"))
    }

    @Test("every byte has a character of its own, and comes back")
    func alphabet() {
        let scalars = (UInt8.min ... .max).map { ByteAlphabet.scalar(of: $0) }
        #expect(Set(scalars).count == 256)
        for (byte, scalar) in scalars.enumerated() {
            #expect(ByteAlphabet.bytes(of: String(Character(scalar))) == [UInt8(byte)])
        }
        #expect(ByteAlphabet.bytes(of: "Ġa") == Array(" a".utf8))
        #expect(ByteAlphabet.bytes(of: "你") == nil)
    }
}
