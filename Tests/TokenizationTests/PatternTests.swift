// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Tokenization

/// The engine for regular expressions that no scanner is built in for.
@Suite("Splits by expressions")
struct PatternTests {
    private static let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    private static let modern =
        #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    private static let gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
    private static let deepseek = [
        #"\p{N}{1,3}"#, "[一-龥\u{3040}-ゟ゠-ヿ]+",
        ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"##
            + #"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
    ]

    /// Runs `body` with the splitting by expressions.
    private func withSplitting<Result>(
        _ expressions: [SplitPattern], _ body: (inout PatternSplitting) throws -> Result
    ) throws -> Result {
        var vocabulary = Vocabulary(
            tokens: ["a", "<end>"], kinds: [.normal, .control], merges: [], preTokenizer: .patterns, endTokens: [1])
        vocabulary.splits = expressions
        return try withTokenizer(vocabulary) { tokenizer in
            var splitting = PatternSplitting(tokenizer.splits)
            return try body(&splitting)
        }
    }

    private func words(_ text: String, _ expressions: SplitPattern...) throws -> [String] {
        try withSplitting(expressions) { splitting in
            Array(text.utf8).withUnsafeBytes { bytes in
                splitting.split(bytes).map { String(decoding: bytes[$0], as: UTF8.self) }
            }
        }
    }

    private func refusal(_ expression: String) -> String {
        do {
            _ = try words("a", SplitPattern(expression))
            return "none"
        } catch {
            return "\(error)"
        }
    }

    @Test(
        "finds the words of the scanners that are built in",
        arguments: [
            ("gpt-2", [gpt2], PreTokenizer.gpt2), ("qwen2", [contractions + modern], .llama3),
            ("smollm", [#"\p{N}"#, gpt2], .smollm), ("llama-bpe", deepseek, .deepseekV3),
        ])
    func scanners(fixture: String, expressions: [String], scanner: PreTokenizer) throws {
        let texts = try TokenizerFixture(named: fixture).cases.map { Array($0.text.utf8) }
        try withSplitting(expressions.map { SplitPattern($0) }) { splitting in
            for text in texts {
                text.withUnsafeBytes { bytes in
                    var expected: [Range<Int>] = []
                    while let start = .some(expected.last?.upperBound ?? 0), start < bytes.count {
                        expected.append(start..<scanner.endOfWord(in: bytes, at: start))
                    }
                    #expect(splitting.split(bytes) == expected, "\(String(decoding: text, as: UTF8.self))")
                }
            }
        }
    }

    @Test("alternatives, lazy and greedy repetitions are tried in a backtracking matcher's order")
    func order() throws {
        #expect(try words("abcabd", SplitPattern("a|ab|c")) == ["a", "b", "c", "a", "bd"])
        #expect(try words("aaab", SplitPattern("a+?")) == ["a", "a", "a", "b"])
        #expect(try words("aaab", SplitPattern("a{2}|a+b")) == ["aa", "ab"])
        #expect(try words("aaab", SplitPattern("(?:a|aa)b")) == ["a", "aab"])
        #expect(try words("xaab", SplitPattern("a*+b|a")) == ["x", "aab"])
        #expect(try words("aaac", SplitPattern("a?+a")) == ["aa", "ac"])
        #expect(try words("ab ac ad", SplitPattern("a(?=c)|a(?!b)d")) == ["ab ", "a", "c ", "ad"])
        #expect(try words("one\ntwo", SplitPattern("e$|o$")) == ["on", "e", "\ntw", "o"])
        #expect(try words("STRASSE ſ K", SplitPattern("(?i:s|k)")) == ["S", "TRA", "S", "S", "E ", "ſ", " ", "K"])
    }

    @Test("matches go where a split's behaviour puts them")
    func behaviors() throws {
        let text = "a--b-c-"
        #expect(try words(text, SplitPattern(text: "-", .isolated)) == ["a", "-", "-", "b", "-", "c", "-"])
        #expect(try words(text, SplitPattern(text: "-", .mergedWithPrevious)) == ["a-", "-", "b-", "c-"])
        #expect(try words(text, SplitPattern(text: "-", .mergedWithNext)) == ["a", "-", "-b", "-c", "-"])
        #expect(try words(text, SplitPattern(text: "-", .contiguous)) == ["a", "--", "b", "-", "c", "-"])
        #expect(try words("a+b", SplitPattern(text: "a+", .isolated)) == ["a+", "b"])
    }

    @Test(
        "what is wrong or not built in is refused with its place",
        arguments: [
            ("(a", "a group is not closed at character 0"), ("a)", "closed twice at character 1"),
            ("[a", "a class is not closed"), ("*a", "a repetition of nothing at character 0"),
            ("(?:a?)*", "a repetition of what may be empty"), ("(?<=a)b", "a group of a kind that is not built in"),
            ("(?>a)", "a group of a kind"), ("^a", "the anchor '^' at character 0"), (#"\b"#, #"the escape '\b'"#),
            (#"(a)\1"#, #"the escape '\1'"#), (#"\p{Klingon}"#, "the property 'Klingon'"),
            ("[a&&b]", "an intersection"),
            ("[[:alpha:]]", "a class with a name"), ("a{300}", "more than 200 repetitions"),
            ("(?:ab)++", "a possessive repetition of more"), ("a{150}b{150}", "more than 256 characters"),
            (String(repeating: "(", count: 100), "more than 40 groups"),
        ])
    func refusals(expression: String, problem: String) {
        #expect(refusal(expression).contains(problem), "\(refusal(expression))")
    }

    @Test("takes linear time where backtracking takes a square, a cube or for ever")
    func linear() throws {
        let text = [UInt8](repeating: UInt8(ascii: "a"), count: 50_000)
        for expression in ["(?:a+)+b|a", "a*a*a*b|a", "a+(?=b)|a", "(?:a|aa)+b|aa?", #"\w+\d|\w"#, "(?!a+b)a"] {
            let count = try withSplitting([SplitPattern(expression)]) { splitting in
                text.withUnsafeBytes { splitting.split($0).count }
            }
            #expect(count >= 25_000)
        }
    }

    @Test("damaged programs are refused or harmless")
    func damage() throws {
        var vocabulary = Vocabulary(
            tokens: ["a", "<end>"], kinds: [.normal, .control], merges: [], preTokenizer: .patterns, endTokens: [1])
        vocabulary.splits = Self.deepseek.map { SplitPattern($0) }
        let section = try TokenizerBuilder.section(for: vocabulary)
        let text = Array("don't 123 你好 ?!\r\n  x".utf8)
        let start = Int(
            section.withUnsafeBytes { $0.number(TokenizerFormat.Header.splits, as: UInt32.self) })
        var state: UInt64 = 7
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for _ in 0..<2000 {
            var damaged = section
            for _ in 0...random(6) { damaged[start + random(section.count - start)] = UInt8(random(256)) }
            damaged.withUnsafeBytes { bytes in
                guard let tokenizer = try? Tokenizer(verifying: bytes) else { return }
                var splitting = PatternSplitting(tokenizer.splits)
                text.withUnsafeBytes { bytes in
                    #expect(splitting.split(bytes).reduce(0) { $0 + $1.count } == bytes.count)
                }
            }
        }
    }
}
