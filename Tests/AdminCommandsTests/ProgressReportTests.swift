// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AdminCommands

@Suite("Progress of long work")
struct ProgressReportTests {
    private final class Lines {
        var text = ""
    }

    @Test("Elsewhere than on a terminal there is a plain line for every tenth")
    func plain() {
        let lines = Lines()
        var report = ProgressReport(isTerminal: false) { lines.text += $0 }
        for done in 0...1000 { report.update("sending", done: done, total: 1000) }
        report.finish()
        #expect(lines.text.split(separator: "\n").count == 11)
        #expect(lines.text.hasPrefix("sending: 0 %\n"))
        #expect(lines.text.hasSuffix("sending: 100 %\n"))
    }

    @Test("On a terminal one line is drawn again")
    func bar() {
        let lines = Lines()
        var report = ProgressReport(isTerminal: true) { lines.text += $0 }
        report.update("sending", done: 1, total: 2)
        report.update("sending", done: 1, total: 2)
        report.update("packing", done: 0, total: 0)
        report.finish()
        #expect(lines.text.filter { $0 == "\r" }.count == 2)
        #expect(lines.text.filter { $0 == "\n" }.count == 2)
        #expect(lines.text.contains(" 50 %"))
    }
}
