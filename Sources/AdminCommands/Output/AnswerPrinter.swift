// SPDX-License-Identifier: Apache-2.0

/// Prints an answer as it comes: as it stands into files and pipes, made harmless on a terminal, where reasoning stands
/// dimmed before it.
struct AnswerPrinter: Sendable {
    private let prints: Bool
    private let isTerminal: Bool
    private var endsLine = true
    private var isDimmed = false

    init(prints: Bool, isTerminal: Bool) {
        self.prints = prints
        self.isTerminal = isTerminal
    }

    mutating func print(_ part: ReceivedPart) {
        if isTerminal { show(part.reasoning, isReasoning: true) }
        show(part.text, isReasoning: false)
    }

    private mutating func show(_ text: String, isReasoning: Bool) {
        guard prints, !text.isEmpty else { return }
        if isReasoning != isDimmed {
            StandardStreams.write(isReasoning ? "\u{1B}[2m" : "\u{1B}[0m\n\n")
            isDimmed = isReasoning
        }
        StandardStreams.write(isTerminal ? TerminalText.harmless(text) : text)
        endsLine = text.hasSuffix("\n")
    }

    /// Ends the last line where the model did not. After Ctrl-C on a terminal the command does it, behind the `^C`.
    mutating func finish() {
        if isDimmed { StandardStreams.write("\u{1B}[0m") }
        isDimmed = false
        if prints, !endsLine, !(isTerminal && Task.isCancelled) { StandardStreams.write("\n") }
        endsLine = true
    }
}
