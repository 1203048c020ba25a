// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite("Code without comments and strings")
struct CodeTextTests {
    @Test(
        "Comments and string contents of Swift are blanked, line breaks stay",
        arguments: [
            ("a // b\nc", "a     \nc"), ("a /* x /* y */ z */ b", "a                   b"),
            ("f(\"}\\\"{\")", "f(      )"), ("\"\\(f(\")\"))\" x", "            x"),
            ("#\"a\"b\"# c", "#       c"), ("\"\"\"\n{\"\n\"\"\"}", "   \n  \n   }"),
        ])
    func swift(source: String, expected: String) {
        #expect(CodeText(source, language: .swift).lines.joined(separator: "\n") == expected)
    }

    @Test("Character literals of C are blanked")
    func characters() {
        #expect(CodeText("if (c == '\\'' || c == '{') {", language: .c).lines == ["if (c ==      || c ==    ) {"])
    }
}
