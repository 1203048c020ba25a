// SPDX-License-Identifier: Apache-2.0

import Testing
import Tokenization

/// Texts come back from their tokens, in whatever way a model marks their beginning.
@Suite("PromptDetokenizer")
struct PromptDetokenizerTests {
    /// Characters and two control tokens, of which the first begins every text.
    private func pieces(_ prefix: SpacePrefix, addsBegin: Bool, steps: [NormalizerStep] = []) -> Vocabulary {
        let texts = ["<unk>", "<s>", "<|turn|>", "\u{2581}", "a", "b", "\u{2581}a", "<", "|", "s", ">"]
        var vocabulary = Vocabulary(
            tokens: texts, kinds: [.unknown, .control, .control] + Array(repeating: .normal, count: texts.count - 3),
            merges: [], preTokenizer: .whole, beginToken: 1, addsBegin: addsBegin, unknownToken: 0)
        vocabulary.model = .sentencePairs
        vocabulary.scores = texts.indices.map { Double(-$0) }
        vocabulary.spacePrefix = prefix
        vocabulary.steps = steps
        return vocabulary
    }

    private func text(_ tokens: [Int32], _ tokenizer: Tokenizer) -> String {
        var detokenizer = PromptDetokenizer(tokenizer)
        let bytes = tokens.flatMap { detokenizer.append($0) } + detokenizer.flush()
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(
        "a text comes back, with its control tokens and its first space",
        arguments: ["ab", " ab", "  a", "<s>ab", "<|turn|>a<|turn|> b", "a<|turn|>", "a b", "ba<|turn|><|turn|>a"],
        [true, false])
    func roundTrip(text: String, addsBegin: Bool) throws {
        let forms = [
            pieces(.never, addsBegin: addsBegin), pieces(.always, addsBegin: addsBegin),
            pieces(.never, addsBegin: addsBegin, steps: [.prepend([UInt8(ascii: " ")])]),
        ]
        for vocabulary in forms {
            try withTokenizer(vocabulary) { tokenizer in
                let begin: [Int32] = addsBegin ? [1] : []
                let tokens = begin + tokenizer.encode(Array(text.utf8), control: .recognised)
                #expect(self.text(tokens, tokenizer) == text, "\(vocabulary.spacePrefix) \(tokens)")
            }
        }
    }

    @Test("a part of a text keeps its first space where a whole one would begin with a token")
    func parts() throws {
        try withTokenizer(pieces(.always, addsBegin: true)) { tokenizer in
            #expect(text([6, 5], tokenizer) == " ab")
            #expect(text([1, 6, 5], tokenizer) == "ab")
            #expect(text([5, 1, 6], tokenizer) == "b<s>a")
        }
    }
}
