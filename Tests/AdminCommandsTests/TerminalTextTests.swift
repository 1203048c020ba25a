// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AdminCommands

@Suite("Text of others on a terminal")
struct TerminalTextTests {
    @Test("Plain text of any language stays as it is", arguments: ["", "a\tb\n", "größer 漢字 👩‍👩‍👧", "\u{0301}"])
    func plain(text: String) {
        #expect(TerminalText.harmless(text) == text)
    }

    @Test(
        "Control characters become pictures, reordering marks go",
        arguments: [
            ("\u{1B}]52;c;AAAA\u{07}", "␛]52;c;AAAA␇"), ("a\rb", "a␍b"), ("\u{9B}31m", "\u{FFFD}31m"),
            ("\u{7F}", "␡"), ("a\u{202E}b\u{2066}c", "abc"), ("\r\n", "␍\n"),
        ])
    func control(text: String, shown: String) {
        #expect(TerminalText.harmless(text).unicodeScalars.elementsEqual(shown.unicodeScalars))
    }
}
