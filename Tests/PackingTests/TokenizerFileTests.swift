// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import Tokenization

@testable import Packing

@Suite("TokenizerFile")
struct TokenizerFileTests {
    private struct Fixture: Decodable {
        struct Case: Decodable {
            let text: String
            let ids: [Int32]
        }

        let file: String
        let cases: [Case]
    }

    static let names = [
        "bpe-metaspace", "bpe-prepend", "bpe-llama3", "bpe-nfc", "bpe-o200k", "bpe-tekken", "bpe-odd", "unigram",
        "wordpiece", "bpe-gemma", "wordpiece-cased", "added-bytes", "added-marks",
    ]

    private func fixture(_ name: String) throws -> Fixture {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let large = ProcessInfo.processInfo.environment["DEEPFLOW_TOKENIZER_FIXTURES"]
        let folder = large.map { URL(fileURLWithPath: $0) } ?? tests.appendingPathComponent("Fixtures")
        let data = try Data(contentsOf: folder.appendingPathComponent("tokenizer-files/\(name).json"))
        return try JSONDecoder().decode(Fixture.self, from: data)
    }

    private func vocabulary(_ text: some Sequence<UInt8>) throws -> Vocabulary {
        let bytes = Array(text)
        return try bytes.withUnsafeBytes { try TokenizerFile($0).vocabulary() }
    }

    @Test("ids are those of PyPI's tokenizers", arguments: names)
    func ids(name: String) throws {
        let fixture = try fixture(name)
        let section = try TokenizerBuilder.section(for: vocabulary(fixture.file.utf8))
        try section.withUnsafeBytes { section in
            let tokenizer = try Tokenizer(verifying: section)
            var different = 0
            for example in fixture.cases {
                let found = tokenizer.encodeWhole(Array(example.text.utf8), control: .recognised)
                guard found != example.ids else { continue }
                different += 1
                if different <= 5 {
                    Issue.record("\(example.text.debugDescription): \(found), expected \(example.ids)")
                }
            }
            #expect(different == 0, "of \(fixture.cases.count) lines")
        }
    }

    @Test("an unknown split is refused with its expression")
    func unknownSplit() throws {
        let text = #"""
            {"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}, "pre_tokenizer": {"type": "Sequence",
            "pretokenizers": [{"type": "Split", "pattern": {"Regex": "x{7}\\1"}, "behavior": "Isolated", "invert": false},
            {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]}}
            """#
        let vocabulary = try vocabulary(text.utf8)
        #expect(vocabulary.preTokenizer == .patterns)
        #expect {
            try TokenizerBuilder.section(for: vocabulary)
        } throws: { error in
            "\(error)".contains(#"'x{7}\1', which has the escape '\1' at character 4"#)
        }
    }

    @Test("damaged files are refused or harmless")
    func damage() throws {
        let rounds = Int(ProcessInfo.processInfo.environment["DEEPFLOW_FUZZ_ROUNDS"] ?? "") ?? 300
        let source = Array(try fixture("wordpiece").file.utf8)
        var state: UInt64 = 11
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let marks = Array("{}[]\",:0-9eE\\u".utf8)
        for _ in 0..<rounds {
            var damaged = source
            for _ in 0...random(4) {
                switch random(3) {
                case 0: damaged[random(damaged.count)] = marks[random(marks.count)]
                case 1: damaged.removeSubrange(random(damaged.count)...)
                default: damaged.insert(marks[random(marks.count)], at: random(damaged.count))
                }
                if damaged.isEmpty { damaged = [0x7B] }
            }
            guard let vocabulary = try? vocabulary(damaged),
                let section = try? TokenizerBuilder.section(for: vocabulary)
            else { continue }
            try section.withUnsafeBytes { section in
                _ = try Tokenizer(verifying: section).encode(Array("the answer [SEP] 你好".utf8), control: .recognised)
            }
        }
        #expect(throws: PackError.self) { try vocabulary(Array(repeating: UInt8(ascii: "["), count: 1 << 20)) }
        #expect(throws: PackError.self) { try vocabulary(Array("{\"a\":\"\\ud800\"}".utf8)) }
    }
}
