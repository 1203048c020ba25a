// SPDX-License-Identifier: Apache-2.0
import Foundation
import Messages
import ServingModel
import Testing

@Suite("Lines of tokens")
struct TokenLineTests {
    private func read(_ bytes: some Collection<UInt8>) -> [TaskToken]? {
        Array(bytes).withUnsafeBytes { TokenLine.read($0) }
    }

    private func decode(_ bytes: [UInt8]) -> NodeEvent? {
        try? JSONDecoder().decode(NodeEvent.self, from: Data(bytes))
    }

    private static let pieces = [
        "a", " the", "\"", "\\", "\n", "\u{0}", "\u{1F}", "\u{7F}", "é", "語", "🦊", "\u{2028}", "/", "</s>", "", "{",
        "]}}",
    ]

    private func randomTokens(_ generator: inout some RandomNumberGenerator) -> [TaskToken] {
        (0..<Int.random(in: 1...9, using: &generator)).map { _ in
            let text = (0..<Int.random(in: 0...6, using: &generator))
                .map { _ in Self.pieces.randomElement(using: &generator) ?? "" }.joined()
            let token = GeneratedToken(
                index: Int.random(in: -3...(1 << 40), using: &generator),
                id: Int32.random(in: .min ... .max, using: &generator), text: text)
            return TaskToken(task: TaskID(rawValue: UInt64.random(in: 0...(.max), using: &generator)), token: token)
        }
    }

    @Test("what is written is what the general coder reads, and is read back alike")
    func agreement() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let tokens = randomTokens(&generator)
            let line = try #require(TokenLine.write(tokens))
            #expect(!line.contains(UInt8(ascii: "\n")))
            #expect(decode(line) == .tokens(tokens))
            #expect(read(line) == tokens)
            // The general coder's own line has its keys in any order: it is read alike, or left to that coder.
            let general = Array(try JSONEncoder().encode(NodeEvent.tokens(tokens)))
            if let again = read(general) { #expect(again == tokens) }
        }
    }

    @Test("whatever becomes of a line, it is read as the general coder reads it, or left to that coder")
    func damage() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<5000 {
            var line = try #require(TokenLine.write(randomTokens(&generator)))
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let position = Int.random(in: 0..<line.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: line[position] = UInt8.random(in: 0...255, using: &generator)
                case 1: line.remove(at: position)
                case 2: line.insert(Array("0\"\\,}u".utf8).randomElement(using: &generator) ?? 0, at: position)
                default: line.removeLast(min(3, line.count - 1))
                }
            }
            if let tokens = read(line) { #expect(decode(line) == .tokens(tokens)) }
        }
    }

    @Test("tokens that bring more than text, no tokens, and other events are for the general coder")
    func others() throws {
        let extra = GeneratedToken(index: 0, id: 1, text: "", extra: TokenExtra(reasoning: "hm"))
        #expect(TokenLine.write([TaskToken(task: TaskID(rawValue: 1), token: extra)]) == nil)
        #expect(TokenLine.write([]) == nil)
        for event in [NodeEvent.models([]), .task(TaskID(rawValue: 1), .token(extra)), .tokens([])] {
            #expect(read(Array(try JSONEncoder().encode(event))) == nil)
        }
    }
}
