// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Tokenization

@Suite("PreTokenizer")
struct PreTokenizerTests {
    private func words(_ text: [UInt8], _ scanner: PreTokenizer) -> [[UInt8]] {
        text.withUnsafeBytes { text in
            var words: [[UInt8]] = []
            var start = 0
            while start < text.count {
                let end = scanner.endOfWord(in: text, at: start)
                guard end > start, end <= text.count else { return words }
                words.append(Array(text[start..<end]))
                start = end
            }
            return words
        }
    }

    @Test("words are those of the regular expressions", arguments: TokenizerFixture.names)
    func fixtures(name: String) throws {
        let fixture = try TokenizerFixture(named: name)
        let scanner = try fixture.vocabulary().preTokenizer
        for example in fixture.cases {
            let found = words(Array(example.text.utf8), scanner)
            #expect(found == example.words.map { Array($0.utf8) }, "\(example.text.debugDescription)")
        }
    }

    @Test("bytes that are no UTF-8 are kept, in words of at least one byte", arguments: PreTokenizer.allCases)
    func anyBytes(scanner: PreTokenizer) {
        var state: UInt64 = 3
        for _ in 0..<500 {
            let text = (0..<24).map { _ -> UInt8 in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: state >> 33)
            }
            #expect(words(text, scanner).flatMap { $0 } == text)
        }
    }

    @Test("long texts of one kind take linear time", arguments: PreTokenizer.allCases)
    func longRuns(scanner: PreTokenizer) {
        for part in ["a中", " ", "a ", "\n ", "1", "'", "中。", "é\u{301}"] {
            let text = Array(String(repeating: part, count: 40_000).utf8)
            #expect(words(text, scanner).reduce(0) { $0 + $1.count } == text.count)
        }
    }

    @Test("an unknown name is refused with the names that are known")
    func unknownName() {
        #expect {
            var vocabulary = try TokenizerFixture(named: "gpt-2").vocabulary()
            try vocabulary.splitWords(as: "klingon")
        } throws: { error in
            let text = String(describing: error)
            return ["klingon", "qwen2", "gpt-2", "tekken"].allSatisfy { text.contains($0) }
        }
    }
}
