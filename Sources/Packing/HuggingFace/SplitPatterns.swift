// SPDX-License-Identifier: Apache-2.0
internal import Tokenization

/// The lists of regular expressions by which byte-level tokenizers split, and the scanners that are built in for them.
enum SplitPatterns {
    /// The expression of `ByteLevel` with `use_regex`.
    static let byteLevel = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
    /// The expression of `Digits` with `individual_digits`.
    static let digits = #"\p{N}"#
    /// The expression of `Digits` without.
    static let numbers = #"\p{N}+"#
    /// The expression of `Punctuation`.
    static let punctuation = #"[!-/:-@\[-`{-~\p{P}]"#

    private static let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    private static let longContractions =
        "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"
    private static let modern =
        #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}NUMBER| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    // Line breaks are written as escapes here; files have them in either form.
    private static let deepseekV3 = [
        #"\p{N}{1,3}"#, "[一-龥\u{3040}-ゟ゠-ヿ]+",
        ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"##
            + #"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
    ]
    private static let deepseekCoder = [#"[\r\n]"#, #"\s?\p{L}+"#, #"\s?\p{P}+"#, "[一-龥ࠀ-一가-퟿]+", digits]

    /// The scanner that is built in for a list; nil where there is none.
    static func scanner(for splits: [SplitPattern]) -> PreTokenizer? {
        guard splits.allSatisfy({ $0.behavior == .isolated }) else { return nil }
        let found = splits.map { $0.expression.replacing("\r", with: "\\r").replacing("\n", with: "\\n") }
        func isSame(_ list: [String]) -> Bool {
            found == list.map { $0.replacing("\r", with: "\\r").replacing("\n", with: "\\n") }
        }
        if splits.isEmpty { return .whole }
        if isSame([byteLevel]) { return .gpt2 }
        if isSame([digits, byteLevel]) { return .smollm }
        if isSame(deepseekV3) { return .deepseekV3 }
        if isSame(deepseekCoder) { return .deepseekCoder }
        for start in [contractions, longContractions] {
            for (number, scanner) in [("{1,3}", PreTokenizer.llama3), ("", .qwen2)]
            where isSame([start + modern.replacing("NUMBER", with: number)]) {
                return scanner
            }
        }
        return nil
    }
}
