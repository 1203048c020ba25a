// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// A conversation on a terminal: questions and answers with all that was said before them.
struct ChatLoop: Sendable {
    private static let help = """
        \"\"\"      begins and ends a text of several lines; a backslash at the end of a line goes on, too
        /clear   forgets what was said
        /bye     ends, as Ctrl-D does
        Ctrl-C   ends an answer; at the prompt, the conversation

        """

    let server: AdminServer
    /// Everything but the turns.
    let request: AnswerRequest
    let showsPhases: Bool

    /// Runs until somebody ends it. `instructions` stay when the rest is forgotten.
    func run(_ instructions: [AnswerRequest.Turn]) async throws(CommandError) {
        let lines = ChatLines { prompt in
            // While a line is read nothing else is at work that could end in order.
            signal(SIGINT) { _ in
                write(STDOUT_FILENO, "\n", 1)
                _exit(CommandError.interrupted.exitCode)
            }
            return Self.line(after: prompt)
        }
        // A model that is not there, or that has no chat, is told of now. One that sleeps is woken meanwhile.
        try await RenderedPrompt.check(request, from: server)
        var turns = instructions
        StandardStreams.write("/help says what can be typed\n")
        while true {
            switch lines.next() {
            case .end: return StandardStreams.write("\n")
            case .help: StandardStreams.write(Self.help)
            case .unknown(let word): StandardStreams.write("there is no \(TerminalText.harmless(word))\n" + Self.help)
            case .clear:
                turns = instructions
                StandardStreams.write("forgotten\n")
            case .question(let text):
                turns.append(AnswerRequest.Turn(role: "user", content: text))
                if let answer = try await answer(turns) {
                    turns.append(AnswerRequest.Turn(role: "assistant", content: answer))
                } else {
                    turns.removeLast()
                }
            }
        }
    }

    /// Bytes of a line that a terminal keeps; it drops the rest without a word.
    private static let longestLine = 4095

    /// The next line that was not cut.
    private static func line(after prompt: String) -> String? {
        while true {
            StandardStreams.write(prompt)
            guard let line = readLine(strippingNewline: true) else { return nil }
            if line.utf8.count < longestLine { return line }
            StandardStreams.write(
                "a terminal cuts lines at \(longestLine) bytes, so this one was not taken: write it as several lines "
                    + "between \"\"\", or end the conversation and give the text to 'deepflow run MODEL -'\n")
        }
    }

    /// The answer's text; nil where there is none and the question is forgotten. What cannot get better ends the loop.
    private func answer(_ turns: [AnswerRequest.Turn]) async throws(CommandError) -> String? {
        var request = request
        request.messages = turns
        let printer = AnswerPrinter(prints: true, isTerminal: true)
        do {
            let (server, showsPhases, question) = (server, showsPhases, request)
            let report = try await InterruptGuard.run { () async throws(CommandError) in
                try await AnswerRun(server: server, isRaw: false).ask(question, printer, withPhases: showsPhases)
            }
            if showsPhases { StandardStreams.write("\n" + report.summary) }
            StandardStreams.write("\n")
            return report.text
        } catch {
            guard error.letsGoOn else { throw error }
            let words =
                error == .interrupted ? "the answer was ended; it is forgotten with its question" : error.description
            StandardStreams.writeError("\n" + TerminalText.harmless(words) + "\n")
            return nil
        }
    }
}
