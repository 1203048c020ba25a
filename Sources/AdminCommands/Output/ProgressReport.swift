// SPDX-License-Identifier: Apache-2.0

/// Progress of long work on the error stream: a bar that redraws itself on a terminal, a line every tenth elsewhere.
struct ProgressReport {
    private static let barWidth = 30
    private let isTerminal: Bool
    private let write: (String) -> Void
    private var phase = ""
    private var lastStep = -1

    /// - Parameter write: where the text goes; tests collect it.
    init(
        isTerminal: Bool = StandardStreams.errorIsTerminal,
        write: @escaping (String) -> Void = StandardStreams.writeError
    ) {
        self.isTerminal = isTerminal
        self.write = write
    }

    /// `done` of `total` bytes of `phase` are through.
    mutating func update(_ phase: String, done: Int, total: Int) {
        let share = total > 0 ? min(1, max(0, Double(done) / Double(total))) : 1
        let step = Int(share * (isTerminal ? 100 : 10))
        guard phase != self.phase || step != lastStep else { return }
        if isTerminal, !self.phase.isEmpty, phase != self.phase { write("\n") }
        self.phase = phase
        lastStep = step
        write(isTerminal ? "\r\(bar(share)) \(Figures.bytes(total))" : "\(phase): \(Int(share * 100)) %\n")
    }

    /// Ends the line of the bar. After Ctrl-C the command does it, behind the `^C`.
    mutating func finish() {
        if isTerminal, !phase.isEmpty, !Task.isCancelled { write("\n") }
        phase = ""
        lastStep = -1
    }

    private func bar(_ share: Double) -> String {
        let filled = Int(share * Double(Self.barWidth))
        let bar = String(repeating: "=", count: filled) + String(repeating: " ", count: Self.barWidth - filled)
        let name = phase + String(repeating: " ", count: max(0, 10 - phase.count))
        let percent = "\(Int(share * 100))"
        return "\(name) [\(bar)] \(String(repeating: " ", count: 3 - percent.count))\(percent) %"
    }
}
