// SPDX-License-Identifier: Apache-2.0

/// Splits that checkpoints ask for by a name and that no scanner is built in for: what the models' own files say.
enum NamedSplits {
    private static let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
    private static let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
    private static let gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

    /// Words that end where capitals begin.
    private static func cased(tail: String, number: String) -> String {
        #"[^\r\n\p{L}\p{N}]?"# + upper + "*" + lower + "+" + tail + #"|[^\r\n\p{L}\p{N}]?"# + upper + "+" + lower + "*"
            + tail + #"|\p{N}"# + number + #"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }

    /// The expressions by their names.
    static let all: [(name: String, expressions: [String])] = {
        let o200k = [cased(tail: "(?i:'s|'t|'re|'ve|'m|'ll|'d)?", number: "{1,3}")]
        let bloom = [#" ?[^(\s|.,!?…。，、।۔،)]+"#]
        return [
            ("tekken", [cased(tail: "", number: "")]), ("gpt-4o", o200k), ("llama4", o200k),
            ("falcon", [#"[\p{P}\$\+<=>\^~\|`]+"#, gpt2, "[0-9][0-9][0-9]"]), ("bloom", bloom), ("poro-chat", bloom),
        ]
    }()
}

extension Vocabulary {
    /// Cuts texts into words as a name asks for that checkpoints have, `tokenizer.ggml.pre` of GGUF files.
    package mutating func splitWords(as name: String) throws(TokenizerError) {
        if let scanner = PreTokenizer.names.first(where: { $0.name == name })?.scanner {
            preTokenizer = scanner
            return
        }
        guard let found = NamedSplits.all.first(where: { $0.name == name }) else {
            let known = PreTokenizer.names.map(\.name) + NamedSplits.all.map(\.name)
            throw .unknownPreTokenizer(name: name, known: known)
        }
        preTokenizer = .patterns
        splits = found.expressions.map { SplitPattern($0) }
        if name == "tekken" { prefersWholeWords = true }
    }
}
