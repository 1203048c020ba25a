// SPDX-License-Identifier: Apache-2.0
internal import Packing
internal import Tokenization

extension FuzzTarget {
    /// `tokenizer.json`: read, packed and used.
    static let tokenizerFile = FuzzTarget(
        "tokenizer-file", longest: 1 << 14,
        words: [
            "\"type\"", "\"BPE\"", "\"Unigram\"", "\"WordPiece\"", "\"vocab\"", "\"merges\"", "\"added_tokens\"",
            "\"normalizer\"", "\"pre_tokenizer\"", "\"Sequence\"", "\"Split\"", "\"Regex\"", "\"ByteLevel\"",
            "\"Metaspace\"", "\"Precompiled\"", "\"MergedWithNext\"", "\\p{L}", "(?!", "(?i:", "{1,3}", "<0x0A>", "▁",
        ]
    ) { bytes in
        guard let section = try? TokenizerPacking.section(tokenizerFile: bytes) else { return }
        use(section)
    }

    /// The vocabulary of a GGUF file of every kind: SentencePiece's, byte-level pairs, WordPiece.
    static let vocabulary = FuzzTarget(
        "vocabulary", longest: 1 << 14,
        words: [
            "GGUF", "tokenizer.ggml.model", "tokenizer.ggml.tokens", "tokenizer.ggml.scores",
            "tokenizer.ggml.token_type", "tokenizer.ggml.merges", "tokenizer.ggml.pre",
            "tokenizer.ggml.precompiled_charsmap", "tokenizer.ggml.eos_token_id", "llama", "t5", "bert", "gpt2", "▁",
        ]
    ) { bytes in
        guard let section = try? TokenizerPacking.section(gguf: bytes) else { return }
        use(section)
    }

    private static let text = Array("The answer's 42, 你好 <s>e\u{301} \u{1F642}\r\n  x▁y".utf8)

    /// Encodes a text and turns the tokens back.
    private static func use(_ section: [UInt8]) {
        section.withUnsafeBytes { section in
            guard let tokenizer = try? Tokenizer(verifying: section) else { return }
            for control in [ControlTokens.asText, .recognised] {
                var detokenizer = IncrementalDetokenizer(tokenizer, startsText: true)
                for token in tokenizer.encodeWhole(text, control: control) {
                    precondition(
                        String(validating: detokenizer.append(token), as: UTF8.self) != nil, "half a character")
                }
            }
        }
    }
}
