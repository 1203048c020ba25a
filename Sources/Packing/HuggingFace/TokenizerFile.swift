// SPDX-License-Identifier: Apache-2.0
internal import JSONReading
internal import Tokenization

/// Reads `tokenizer.json`, and `tokenizer_config.json` where there is one.
struct TokenizerFile {
    private let file: JSONValue
    private let configuration: JSONValue

    /// Parses the files' bytes.
    init(_ bytes: UnsafeRawBufferPointer, configuration: UnsafeRawBufferPointer? = nil) throws(PackError) {
        file = try Self.parsed(bytes, "tokenizer.json")
        guard let configuration else {
            self.configuration = .null
            return
        }
        self.configuration = try Self.parsed(configuration, "tokenizer_config.json")
    }

    /// The vocabulary, or which part of it is missing or not supported.
    func vocabulary() throws(PackError) -> Vocabulary {
        guard let model = file["model"] else { throw .inconsistent("tokenizer.json has no model") }
        var reading = try TokenizerModelReading(model)
        var vocabulary = try reading.vocabulary()
        try addTokens(to: &vocabulary)
        var splitting = SplittingReading(vocabulary.model)
        try splitting.read(normalizer: file["normalizer"])
        try splitting.read(preTokenizer: file["pre_tokenizer"])
        try splitting.configure(&vocabulary)
        try readEnds(of: &vocabulary)
        return vocabulary
    }

    private static func parsed(_ bytes: UnsafeRawBufferPointer, _ name: String) throws(PackError) -> JSONValue {
        do throws(JSONError) {
            return try JSONReader.read(bytes)
        } catch {
            throw .inconsistent("\(name): \(error)")
        }
    }

    private func addTokens(to vocabulary: inout Vocabulary) throws(PackError) {
        for added in file["added_tokens"]?.list ?? [] {
            guard let id = added["id"]?.integer, let text = added["content"]?.text, id >= 0, id < 1 << 20 else {
                throw .inconsistent("an added token has no id or no content")
            }
            while vocabulary.tokens.count <= Int(id) {
                vocabulary.tokens.append("")
                vocabulary.kinds.append(.unused)
                if !vocabulary.scores.isEmpty { vocabulary.scores.append(0) }
            }
            let isSpecial = added["special"]?.boolean ?? false
            if !isSpecial, vocabulary.kinds[Int(id)] == .normal {
                vocabulary.modelTexts[id] = vocabulary.tokens[Int(id)]
            }
            vocabulary.tokens[Int(id)] = text
            vocabulary.kinds[Int(id)] = isSpecial ? .control : .userDefined
            var rule: SpecialRule = []
            if added["lstrip"]?.boolean ?? false { rule.insert(.stripsLeft) }
            if added["rstrip"]?.boolean ?? false { rule.insert(.stripsRight) }
            if added["single_word"]?.boolean ?? false { rule.insert(.singleWord) }
            if added["normalized"]?.boolean ?? !isSpecial { rule.insert(.normalized) }
            if !rule.isEmpty { vocabulary.specialRules[id] = rule }
        }
    }

    /// Begin, closing and end tokens: from the post-processor, the configuration, and texts that end turns.
    private func readEnds(of vocabulary: inout Vocabulary) throws(PackError) {
        let ids = Dictionary(
            vocabulary.tokens.enumerated().map { ($1, Int32($0)) }, uniquingKeysWith: { first, _ in first })
        let frame = Frame(file["post_processor"])
        let begin = frame.begin ?? text(of: "bos_token") ?? text(of: "cls_token")
        vocabulary.beginToken = begin.flatMap { ids[$0] }
        let addsBegin = configuration["add_bos_token"]?.boolean ?? (frame.begin != nil)
        vocabulary.addsBegin = vocabulary.beginToken != nil && addsBegin
        let end = text(of: "eos_token")
        let closing = frame.end ?? end
        vocabulary.closingToken =
            configuration["add_eos_token"]?.boolean ?? (frame.end != nil) ? closing.flatMap { ids[$0] } : nil
        var ends = [end].compactMap { $0.flatMap { ids[$0] } }
        for text in VocabularyReading.endTexts {
            if let id = ids[text], vocabulary.kinds[Int(id)] == .control, !ends.contains(id) { ends.append(id) }
        }
        vocabulary.endTokens = Array(ends.prefix(16))
    }

    private func text(of name: String) -> String? {
        configuration[name]?.text ?? configuration[name]?["content"]?.text
    }

    /// What a post-processor puts around a text.
    private struct Frame {
        var begin: String?
        var end: String?

        init(_ processor: JSONValue?) {
            guard let processor else { return }
            switch processor["type"]?.text {
            case "TemplateProcessing":
                let parts = processor["single"]?.list ?? []
                begin = parts.first?["SpecialToken"]?["id"]?.text
                end = parts.count > 1 ? parts.last?["SpecialToken"]?["id"]?.text : nil
            case "BertProcessing", "RobertaProcessing":
                begin = processor["cls"]?.list?.first?.text
                end = processor["sep"]?.list?.first?.text
            case "Sequence":
                for part in processor["processors"]?.list ?? [] where part["type"]?.text != "Sequence" {
                    let inner = Frame(part)
                    begin = begin ?? inner.begin
                    end = end ?? inner.end
                }
            default: break
            }
        }
    }
}
