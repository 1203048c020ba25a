// SPDX-License-Identifier: Apache-2.0
internal import Checkpoints
internal import Tokenization

/// Reads a GGUF file's vocabulary.
struct VocabularyReading {
    /// Tokens by whose text models end a turn, also where the metadata names another one.
    static let endTexts = [
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
        guard let family = TokenizerFamily(rawValue: model) else {
            let known = TokenizerFamily.allCases.map(\.rawValue).joined(separator: ", ")
            throw .unsupportedProperty("a tokenizer of kind '\(model)' (known are \(known))")
        }
        let tokens = try required("tokens") { key throws(CheckpointError) in try metadata.strings(key) }
        let merges =
            family == .gpt2
            ? try required("merges") { key throws(CheckpointError) in try metadata.strings(key) } : []
        let kinds = try kinds(count: tokens.count, family)
        var vocabulary = Vocabulary(
            tokens: tokens, kinds: kinds, merges: merges, preTokenizer: .whole,
            unknownToken: try token("unknown_token_id", count: tokens.count),
            endTokens: try endTokens(tokens, kinds))
        if family == .gpt2 { try readSplits(of: &vocabulary) }
        if family == .llama || family == .t5 { vocabulary.scores = try scores() }
        family.configure(&vocabulary, try settings())
        try readEnds(of: &vocabulary, family)
        return vocabulary
    }

    private func readSplits(of vocabulary: inout Vocabulary) throws(PackError) {
        let name = try required("pre") { key throws(CheckpointError) in try metadata.string(key) }
        try packing(PackError.tokenizer) { () throws(TokenizerError) in try vocabulary.splitWords(as: name) }
    }

    private func scores() throws(PackError) -> [Double] {
        try required("scores") { key throws(CheckpointError) in try metadata.floats(key) }
    }

    private func settings() throws(PackError) -> TokenizerFamily.Settings {
        var settings = TokenizerFamily.Settings()
        settings.addsSpacePrefix = try flag("add_space_prefix")
        settings.removesExtraSpaces = try flag("remove_extra_whitespaces")
        let map = try optional { () throws(CheckpointError) in
            try metadata.integers(Self.prefix + "precompiled_charsmap")
        }
        settings.characterMap = (map ?? []).map { UInt8(truncatingIfNeeded: $0) }
        return settings
    }

    /// What a plain text begins and ends with.
    private func readEnds(of vocabulary: inout Vocabulary, _ family: TokenizerFamily) throws(PackError) {
        let count = vocabulary.tokens.count
        var begin = try token("bos_token_id", count: count)
        if begin == nil { begin = try token("cls_token_id", count: count) }
        // Models of the Llama 3 family begin with it too unless they say otherwise.
        let addsBegin = try flag("add_bos_token") ?? (family.addsBegin || vocabulary.preTokenizer == .llama3)
        vocabulary.beginToken = begin
        vocabulary.addsBegin = begin != nil && addsBegin
        let separator = try token("seperator_token_id", count: count)
        let end = family == .bert ? separator ?? vocabulary.endTokens.first : vocabulary.endTokens.first
        vocabulary.closingToken = try flag("add_eos_token") ?? family.addsEnd ? end : nil
    }

    private func flag(_ name: String) throws(PackError) -> Bool? {
        try optional { () throws(CheckpointError) in try metadata.boolean(Self.prefix + name) }
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
        return Array(ends.prefix(16))
    }

    private func kinds(count: Int, _ family: TokenizerFamily) throws(PackError) -> [TokenKind] {
        let numbers = try optional { () throws(CheckpointError) in
            try metadata.integers(Self.prefix + "token_type")
        }
        guard let numbers else { return Array(repeating: .normal, count: count) }
        guard numbers.count == count else {
            throw .inconsistent(
                "'\(Self.prefix)token_type' has \(numbers.count) entries, and there are \(count) tokens")
        }
        var kinds: [TokenKind] = []
        kinds.reserveCapacity(numbers.count)
        for number in numbers {
            switch number {
            case 1: kinds.append(.normal)
            case 6: kinds.append(family == .gpt2 ? .normal : .byte)
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
