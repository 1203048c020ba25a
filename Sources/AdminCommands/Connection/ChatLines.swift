// SPDX-License-Identifier: Apache-2.0

/// Reads what somebody types in a conversation, line by line.
struct ChatLines {
    /// What was typed.
    enum Input: Equatable {
        case question(String)
        case clear
        case help
        /// A word with a slash that means nothing.
        case unknown(String)
        case end
    }

    /// Asks for a line with these words before it; nil at the end of the input.
    let readLine: (_ prompt: String) -> String?

    /// The next thing that is not empty. Three quotes begin and end a text of several lines, a backslash at the end of a
    /// line goes on in the next.
    func next() -> Input {
        while true {
            guard let line = readLine(">>> ") else { return .end }
            let words = trimmed(line)
            if words.isEmpty { continue }
            if words.hasPrefix("\"\"\"") { return .question(block(after: String(words.dropFirst(3)))) }
            if words.hasPrefix("/"), !words.contains(" ") { return command(words) }
            return .question(joined(line))
        }
    }

    private func command(_ word: String) -> Input {
        switch word {
        case "/bye", "/exit", "/quit": .end
        case "/clear": .clear
        case "/help", "/?": .help
        default: .unknown(word)
        }
    }

    private func block(after first: String) -> String {
        if first.hasSuffix("\"\"\"") { return String(first.dropLast(3)) }
        var lines = first.isEmpty ? [] : [first]
        while let line = readLine("... ") {
            if line.hasSuffix("\"\"\"") {
                if line.utf8.count > 3 { lines.append(String(line.dropLast(3))) }
                break
            }
            lines.append(line)
        }
        return lines.joined(separator: "\n")
    }

    private func joined(_ first: String) -> String {
        var text = first
        while text.hasSuffix("\\") {
            text.removeLast()
            guard let line = readLine("... ") else { break }
            text += "\n" + line
        }
        return text
    }

    private func trimmed(_ line: String) -> String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        var rest = line.drop(while: isSpace)
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        return String(rest)
    }
}
