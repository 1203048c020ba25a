// SPDX-License-Identifier: Apache-2.0
internal import JSONReading
internal import Tokenization

/// Reads the `model` part of `tokenizer.json`: tokens, merges and scores.
struct TokenizerModelReading {
    private let model: JSONValue
    private let type: String

    /// A reading of a model whose type is known; files of old versions do not say it.
    init(_ model: JSONValue) throws(PackError) {
        self.model = model
        if let type = model["type"]?.text {
            self.type = type
        } else if model["merges"] != nil {
            type = "BPE"
        } else {
            type = model["vocab"]?.list != nil ? "Unigram" : "WordPiece"
        }
        guard ["BPE", "Unigram", "WordPiece"].contains(type) else {
            throw .unsupportedProperty("a tokenizer of type '\(type)' (known are BPE, Unigram, WordPiece)")
        }
    }

    /// The vocabulary without special tokens and splitting.
    mutating func vocabulary() throws(PackError) -> Vocabulary {
        var vocabulary = Vocabulary(tokens: [], kinds: [], merges: [], preTokenizer: .whole)
        switch type {
        case "Unigram": try readUnigram(&vocabulary)
        case "WordPiece": try readWordPiece(&vocabulary)
        default: try readPairs(&vocabulary)
        }
        if let unknown = vocabulary.unknownToken { vocabulary.kinds[Int(unknown)] = .unknown }
        if model["byte_fallback"]?.boolean ?? false {
            for (index, token) in vocabulary.tokens.enumerated() where TokenizerBuilder.byte(writtenAs: token) != nil {
                vocabulary.kinds[index] = .byte
            }
        }
        return vocabulary
    }

    private func readPairs(_ vocabulary: inout Vocabulary) throws(PackError) {
        for part in ["continuing_subword_prefix", "end_of_word_suffix"] where !(model[part]?.text ?? "").isEmpty {
            throw .unsupportedProperty("a tokenizer with '\(part)'")
        }
        try readTokens(&vocabulary)
        vocabulary.prefersWholeWords = model["ignore_merges"]?.boolean ?? false
        vocabulary.fusesUnknown = model["fuse_unk"]?.boolean ?? false
        for merge in model["merges"]?.list ?? [] {
            if let text = merge.text {
                vocabulary.merges.append(text)
            } else if let parts = merge.list, parts.count == 2, let left = parts[0].text, let right = parts[1].text {
                vocabulary.merges.append(left + " " + right)
            } else {
                throw .inconsistent("merge \(vocabulary.merges.count) of tokenizer.json is no pair")
            }
        }
    }

    private func readWordPiece(_ vocabulary: inout Vocabulary) throws(PackError) {
        try readTokens(&vocabulary)
        vocabulary.model = .wordPiece
        vocabulary.longestWord = Int(model["max_input_chars_per_word"]?.integer ?? 100)
        let prefix = model["continuing_subword_prefix"]?.text ?? "##"
        for (index, token) in vocabulary.tokens.enumerated() {
            // By bytes: a mark behind the prefix is one character with the prefix's last one.
            vocabulary.tokens[index] =
                token.utf8.starts(with: prefix.utf8)
                ? String(decoding: token.utf8.dropFirst(prefix.utf8.count), as: UTF8.self) : "\u{2581}" + token
        }
    }

    private func readUnigram(_ vocabulary: inout Vocabulary) throws(PackError) {
        vocabulary.model = .unigram
        vocabulary.fusesUnknown = true
        for entry in model["vocab"]?.list ?? [] {
            guard let parts = entry.list, parts.count == 2, let text = parts[0].text, let score = parts[1].number else {
                throw .inconsistent("token \(vocabulary.tokens.count) of tokenizer.json is not a text with a score")
            }
            vocabulary.tokens.append(text)
            vocabulary.scores.append(score)
        }
        vocabulary.kinds = Array(repeating: .normal, count: vocabulary.tokens.count)
        if let unknown = model["unk_id"]?.integer, vocabulary.tokens.indices.contains(Int(unknown)) {
            vocabulary.unknownToken = unknown
        }
    }

    /// Tokens by their ids; ids that no token has stay unused.
    private func readTokens(_ vocabulary: inout Vocabulary) throws(PackError) {
        let unknown = model["unk_token"]?.text
        for entry in model["vocab"]?.object ?? [] {
            let text = entry.name
            guard let id = entry.value.integer, id >= 0, id < 1 << 20 else {
                throw .inconsistent("token '\(text)' of tokenizer.json has no id")
            }
            if text == unknown { vocabulary.unknownToken = id }
            let missing = Int(id) + 1 - vocabulary.tokens.count
            if missing > 0 {
                vocabulary.tokens += Array(repeating: "", count: missing)
                vocabulary.kinds += Array(repeating: .unused, count: missing)
            }
            vocabulary.tokens[Int(id)] = text
            vocabulary.kinds[Int(id)] = .normal
        }
    }
}
