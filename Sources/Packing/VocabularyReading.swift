// SPDX-License-Identifier: Apache-2.0
internal import Checkpoints
internal import Tokenization

/// Reads a GGUF file's vocabulary.
struct VocabularyReading {
    /// Tokens by whose text models end a turn, also where the metadata names another one.
    private static let endTexts = [
        "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>",
    ]
    private static let prefix = "tokenizer.ggml."

    private let metadata: GGUFMetadata

    /// A reading of these metadata.
    init(_ metadata: GGUFMetadata) {
        self.metadata = metadata
    }

    /// The vocabulary, or which part of it is missing or not supported.
    func vocabulary() throws(PackError) -> Vocabulary {
        let model = try required("model") { key throws(CheckpointError) in try metadata.string(key) }
        guard model == "gpt2" else {
            throw .unsupportedProperty("a tokenizer of kind '\(model)' (known is 'gpt2', byte-level pairs)")
        }
        let scanner = try required("pre") { key throws(CheckpointError) in try metadata.string(key) }
        let tokens = try required("tokens") { key throws(CheckpointError) in try metadata.strings(key) }
        let merges = try required("merges") { key throws(CheckpointError) in try metadata.strings(key) }
        let kinds = try kinds(count: tokens.count)
        let preTokenizer = try packing(PackError.tokenizer) { () throws(TokenizerError) in
            try PreTokenizer(named: scanner)
        }
        let beginToken = try token("bos_token_id", count: tokens.count)
        let addsBegin = try optional { () throws(CheckpointError) in
            try metadata.boolean(Self.prefix + "add_bos_token")
        }
        return Vocabulary(
            tokens: tokens, kinds: kinds, merges: merges, preTokenizer: preTokenizer, beginToken: beginToken,
            // Models of the Llama 3 family begin with it unless they say otherwise.
            addsBegin: beginToken != nil && (addsBegin ?? (preTokenizer == .llama3)),
            unknownToken: try token("unknown_token_id", count: tokens.count),
            endTokens: try endTokens(tokens, kinds))
    }

    private func endTokens(_ tokens: [String], _ kinds: [TokenKind]) throws(PackError) -> [Int32] {
        var ends: [Int32] = []
        for key in ["eos_token_id", "eot_token_id", "eom_token_id"] {
            if let token = try token(key, count: tokens.count), !ends.contains(token) { ends.append(token) }
        }
        for (index, text) in tokens.enumerated()
        where kinds[index] == .control && Self.endTexts.contains(text) && !ends.contains(Int32(index)) {
            ends.append(Int32(index))
        }
        guard !ends.isEmpty else { throw .inconsistent("no token ends an answer ('tokenizer.ggml.eos_token_id')") }
        return Array(ends.prefix(16))
    }

    private func kinds(count: Int) throws(PackError) -> [TokenKind] {
        let numbers = try optional { () throws(CheckpointError) in
            try metadata.integers(Self.prefix + "token_type")
        }
        guard let numbers else { return Array(repeating: .normal, count: count) }
        var kinds: [TokenKind] = []
        kinds.reserveCapacity(numbers.count)
        for number in numbers {
            switch number {
            case 1, 6: kinds.append(.normal)
            case 2: kinds.append(.unknown)
            case 3: kinds.append(.control)
            case 4: kinds.append(.userDefined)
            case 0, 5: kinds.append(.unused)
            default: throw .inconsistent("a token has type \(number)")
            }
        }
        return kinds
    }

    private func token(_ name: String, count: Int) throws(PackError) -> Int32? {
        let number = try optional { () throws(CheckpointError) in try metadata.integer(Self.prefix + name) }
        guard let number, number != -1, number != Int(UInt32.max) else { return nil }
        guard (0..<count).contains(number) else {
            throw .inconsistent("'\(Self.prefix)\(name)' is \(number), and there are \(count) tokens")
        }
        return Int32(number)
    }

    private func optional<Value>(_ read: () throws(CheckpointError) -> Value?) throws(PackError) -> Value? {
        try packing(PackError.checkpoint, read)
    }

    private func required<Value>(
        _ name: String, _ read: (String) throws(CheckpointError) -> Value?
    ) throws(PackError) -> Value {
        let key = Self.prefix + name
        let value = try packing(PackError.checkpoint) { () throws(CheckpointError) in try read(key) }
        guard let value else { throw .checkpoint(.missingMetadata(key: key)) }
        return value
    }
}
