// SPDX-License-Identifier: Apache-2.0

/// Prints an answer as it comes: as it stands into files and pipes, made harmless on a terminal.
struct AnswerPrinter: Sendable {
    private let prints: Bool
    private let isTerminal: Bool
    private var endsLine = true

    init(prints: Bool, isTerminal: Bool) {
        self.prints = prints
        self.isTerminal = isTerminal
    }

    mutating func print(_ text: String) {
        guard prints, !text.isEmpty else { return }
        StandardStreams.write(isTerminal ? TerminalText.harmless(text) : text)
        endsLine = text.hasSuffix("\n")
    }

    /// Ends the last line where the model did not. After Ctrl-C on a terminal the command does it, behind the `^C`.
    mutating func finish() {
        if prints, !endsLine, !(isTerminal && Task.isCancelled) { StandardStreams.write("\n") }
        endsLine = true
    }
}
