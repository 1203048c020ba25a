// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import FlowServe

@Suite("Stop matcher")
struct StopMatcherTests {
    /// Feeds the pieces and returns what each one released, then what the end did.
    private func feed(_ pieces: [String], stops: [String]) -> [String] {
        var matcher = StopMatcher(stops)
        let released = pieces.map { String(decoding: matcher.append(Array($0.utf8)), as: UTF8.self) }
        return released + [String(decoding: matcher.flush(), as: UTF8.self)]
    }

    @Test("Without stop strings text passes at once")
    func noStops() {
        #expect(feed(["one", " two"], stops: []) == ["one", " two", ""])
    }

    @Test("A stop string across pieces ends the text before it, and nothing comes after")
    func acrossPieces() {
        #expect(feed(["ab<e", "n", "d>more", "x"], stops: ["<end>"]) == ["ab", "", "", "", ""])
    }

    @Test("Text that only looked like a stop string is released when it turns out not to be one")
    func falseAlarm() {
        #expect(feed(["a<en", "ter", "<en"], stops: ["<end>"]) == ["a", "<enter", "", "<en"])
    }

    @Test("A false beginning that holds a true one is not lost")
    func overlap() {
        #expect(feed(["aa", "ab"], stops: ["aab"]) == ["", "a", ""])
        #expect(feed(["abab", "ac"], stops: ["abac"]) == ["ab", "", ""])
    }

    @Test("The first of several stop strings counts, and of two with the same end the longer")
    func severalStops() {
        #expect(feed(["one two three"], stops: ["three", "two"]) == ["one ", ""])
        #expect(feed(["one two"], stops: ["two", "one two"]) == ["", ""])
    }

    @Test("Cuts fall between characters")
    func characters() {
        #expect(feed(["Grüß", "e"], stops: ["ße!"]) == ["Grü", "", "ße"])
    }

    @Test(
        "The result is that of a search in the whole text, however it is cut", arguments: 1...40 as ClosedRange<UInt64>)
    func equalsSearch(seed: UInt64) {
        var generator = StepGenerator(state: seed)
        let letters = ["a", "b", "ä"]
        func text(_ count: Int) -> String {
            (0..<count).map { _ in letters.randomElement(using: &generator) ?? "a" }.joined()
        }
        for _ in 0..<50 {
            let stops = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
                text(Int.random(in: 2...5, using: &generator))
            }
            let pieces = (0..<12).map { _ in text(Int.random(in: 0...3, using: &generator)) }
            #expect(feed(pieces, stops: stops).joined() == reference(Array(pieces.joined().utf8), stops: stops))
        }
    }

    /// The text before the stop string that ends first.
    private func reference(_ text: [UInt8], stops: [String]) -> String {
        for end in text.indices.map({ $0 + 1 }) {
            let matching = stops.filter { text[..<end].reversed().starts(with: $0.utf8.reversed()) }
            if let longest = matching.map(\.utf8.count).max() {
                return String(decoding: text[..<(end - longest)], as: UTF8.self)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
