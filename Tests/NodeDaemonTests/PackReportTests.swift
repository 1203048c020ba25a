// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeDaemon

@Suite struct PackReportTests {
    private let model = """
        model {"architecture":"llama","parameterCount":7,"contextLength":2048,"vocabularySize":512,\
        "layout":"panel-f16","keyValueBytesPerToken":1024}

        """

    private func lines(_ text: String, cut: Int = .max) -> ([PackReport.Line], Bool) {
        var report = PackReport()
        var lines: [PackReport.Line] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            lines += report.take(rest.prefix(cut))
            rest = rest.dropFirst(cut)
        }
        return (lines, report.isBroken)
    }

    @Test("progress and the model are read however the pipe cuts them", arguments: [1, 2, 7, 1000])
    func whole(_ cut: Int) throws {
        let (lines, isBroken) = lines("progress 1 10\nprogress 10 10\n" + model, cut: cut)
        #expect(!isBroken)
        #expect(lines.prefix(2) == [.progress(done: 1, total: 10), .progress(done: 10, total: 10)])
        guard case .model(let packed)? = lines.last else {
            Issue.record("no model")
            return
        }
        #expect(packed.contextLength == 2048)
    }

    @Test(
        "anything else breaks the report and is not read further",
        arguments: [
            "hello\n", "progress\n", "progress 1\n", "progress a b\n", "progress -1 5\n", "progress 1 2 3\n", "\n",
            "model {}\n", "model [\n", "progress 99999999999999999999 1\n",
        ])
    func broken(_ text: String) {
        let (lines, isBroken) = lines(text + "progress 1 1\n")
        #expect(isBroken)
        #expect(lines.isEmpty)
    }

    @Test("a line without end does not grow without bound")
    func endless() {
        #expect(lines(String(repeating: "x", count: 10_000)).1)
    }

    @Test("a model that cannot be is none", arguments: ["\"contextLength\":0", "\"contextLength\":99999999999"])
    func implausible(_ field: String) {
        let text = model.replacing("\"contextLength\":2048", with: field)
        #expect(lines(text).1)
    }
}
