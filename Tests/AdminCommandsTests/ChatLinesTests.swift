// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AdminCommands

@Suite("Lines of a conversation")
struct ChatLinesTests {
    /// What is read of these lines, up to the end.
    private func inputs(_ lines: [String]) -> [ChatLines.Input] {
        var rest = lines[...]
        let reader = ChatLines { _ in rest.popFirst() }
        var inputs: [ChatLines.Input] = []
        repeat { inputs.append(reader.next()) } while inputs.last != .end
        return inputs
    }

    @Test("a line is a question, an empty one is none")
    func lines() {
        #expect(
            inputs(["", "  ", "What? ", "/usr/bin is a path"]) == [
                .question("What? "), .question("/usr/bin is a path"), .end,
            ])
    }

    @Test("three quotes hold several lines, a backslash goes on")
    func several() {
        #expect(inputs(["\"\"\"", "a", "", "b\"\"\"", "c"]) == [.question("a\n\nb"), .question("c"), .end])
        #expect(inputs(["\"\"\"a", "b", "\"\"\""]) == [.question("a\nb"), .end])
        #expect(inputs(["\"\"\"one\"\"\""]) == [.question("one"), .end])
        #expect(inputs(["a\\", "b\\", "c"]) == [.question("a\nb\nc"), .end])
        #expect(inputs(["\"\"\"", "cut off"]) == [.question("cut off"), .end])
    }

    @Test("words with a slash are orders")
    func orders() {
        #expect(inputs(["/clear", "/?", "/help", "/x", "/bye"]) == [.clear, .help, .help, .unknown("/x"), .end])
    }
}
