// SPDX-License-Identifier: Apache-2.0

/// How a text is cut into words before merges, one scanner for each family of regular expressions that models were
/// trained with. The numbers are part of the stored form.
///
/// Each scanner tries its alternatives in the expression's order and takes the first that matches; every byte belongs
/// to exactly one word, and a run of characters is looked at no more than twice.
package enum PreTokenizer: UInt32, Sendable, CaseIterable {
    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
    case gpt2 = 1
    /// As `llama3`, but each digit is a word of its own.
    case qwen2 = 2
    /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+`
    /// `|\s+(?!\S)|\s+`
    case llama3 = 3
    /// Each digit is a word of its own, cut out first; the rest as `gpt2`.
    case smollm = 4
    /// Line breaks, `\s?` and letters, `\s?` and punctuation, ideographs, digits; see `DeepSeekCoderScanner`.
    case deepseekCoder = 6
    /// Numbers of up to three digits, ideographs, then letters with marks and symbols; see `DeepSeekScanner`.
    case deepseekV3 = 7
    /// Words begin at the first of a run of spaces and hold all that follows up to the next run.
    case spaces = 8
    /// The whole text is one word.
    case whole = 9
    /// Words begin at each space.
    case eachSpace = 10
    /// By the regular expressions of the vocabulary's `splits`.
    case patterns = 11

    /// The names under which checkpoints ask for each scanner.
    package static let names: [(name: String, scanner: PreTokenizer)] = [
        ("gpt-2", .gpt2), ("phi-2", .gpt2), ("mpt", .gpt2), ("olmo", .gpt2), ("qwen2", .qwen2), ("stablelm2", .qwen2),
        ("deepseek-r1-qwen", .qwen2),
        ("llama-bpe", .llama3), ("llama3", .llama3), ("llama-v3", .llama3), ("smollm", .smollm),
        ("starcoder", .smollm), ("refact", .smollm), ("command-r", .smollm), ("codeshell", .smollm),
        ("exaone", .smollm),
        ("deepseek-coder", .deepseekCoder), ("deepseek-v3", .deepseekV3),
    ]

    /// Whether models of this family take a word that is a token as it is, without merging.
    package var prefersWholeWords: Bool { self == .llama3 }

    /// Where the word that begins at `start`, a valid index, ends; always after `start`.
    func endOfWord(in text: UnsafeRawBufferPointer, at start: Int) -> Int {
        switch self {
        case .gpt2: GPT2Scanner(text: text).endOfWord(at: start)
        case .qwen2: ModernScanner(text: text, longestNumber: 1).endOfWord(at: start)
        case .llama3: ModernScanner(text: text, longestNumber: 3).endOfWord(at: start)
        case .smollm: GPT2Scanner(text: text, separatesDigits: true).endOfWord(at: start)
        case .deepseekCoder: DeepSeekCoderScanner(text: text).endOfWord(at: start)
        case .deepseekV3: DeepSeekScanner(text: text).endOfWord(at: start)
        case .spaces: Self.endOfSpacedWord(in: text, at: start)
        case .whole, .patterns: text.count
        case .eachSpace: Self.endOfSpacedWord(in: text, at: start, maxSpaces: 1)
        }
    }

    private static func endOfSpacedWord(
        in text: UnsafeRawBufferPointer, at start: Int, maxSpaces: Int = .max
    ) -> Int {
        let space = UInt8(ascii: " ")
        var index = start
        while index < text.count, text[index] == space, index - start < maxSpaces { index += 1 }
        while index < text.count, text[index] != space { index += 1 }
        return index
    }
}
