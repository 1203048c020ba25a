// SPDX-License-Identifier: Apache-2.0

import JSONReading
import Testing

@Suite("JSONReader")
struct JSONReaderTests {
    private func read(_ text: String) throws -> JSONValue { try JSONReader.read(Array(text.utf8)) }

    @Test("values keep their order and their kind")
    func values() throws {
        let value = try read(#" {"b": [1, -2, 1.0, 1e2, true, null], "a": "\u00e9\ud83d\ude42\n", "b2": {}} "#)
        #expect(value.object?.map(\.name) == ["b", "a", "b2"])
        #expect(
            value["b"]
                == .list([.integer(1), .integer(-2), .fraction(1), .fraction(100), .boolean(true), .null]))
        #expect(value["a"]?.text == "é🙂\n")
        #expect(try read("9223372036854775807") == .integer(.max))
        #expect(try read("9223372036854775808") == .unsigned(9_223_372_036_854_775_808))
    }

    @Test("names are told apart by their bytes, and the last of a name counts")
    func names() throws {
        let value = try read(#"{"\u00e9": 1, "e\u0301": 2, "x": 3, "x": 4}"#)
        #expect(value["\u{E9}"] == .integer(1))
        #expect(value["e\u{301}"] == .integer(2))
        #expect(value["x"] == .integer(4))
    }

    @Test(
        "what is no JSON is refused with its place",
        arguments: [
            "", "{", "[1,]", "01", "1.", "-", "+1", ".5", "1e", "nul", "\"\n\"", #""\ud800""#, #""\u+0ab""#, #""\x""#,
            "[1] 2",
            "{\"a\" 1}", "1e999", "NaN", String(repeating: "[", count: 100),
        ])
    func refusals(text: String) {
        #expect(throws: JSONError.self) { try read(text) }
    }
}
