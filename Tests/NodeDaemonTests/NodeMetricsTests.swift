// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import ServingModel
import Testing

@testable import NodeDaemon

@Suite("Node metrics")
struct NodeMetricsTests {
    @Test("a histogram's buckets hold all durations up to their bounds")
    func buckets() {
        var histogram = DurationHistogram()
        for microseconds in [0, 20, 21, 700, 400_000_000] { histogram.note(microseconds: microseconds) }
        var text = MetricsText()
        text.begin("x_seconds", .histogram, "Something.")
        text.add("x_seconds", [("model", "a\"b\\c\nd")], histogram)
        let lines = text.text.split(separator: "\n").map(String.init)
        #expect(lines[0] == "# HELP x_seconds Something.")
        #expect(lines[1] == "# TYPE x_seconds histogram")
        #expect(lines[2] == #"x_seconds_bucket{model="a\"b\\c\nd",le="2e-05"} 2"#)
        #expect(lines[3] == #"x_seconds_bucket{model="a\"b\\c\nd",le="5e-05"} 3"#)
        #expect(lines.contains(#"x_seconds_bucket{model="a\"b\\c\nd",le="0.001"} 4"#))
        #expect(lines.suffix(4).first == #"x_seconds_bucket{model="a\"b\\c\nd",le="300.0"} 4"#)
        #expect(
            lines.suffix(3) == [
                #"x_seconds_bucket{model="a\"b\\c\nd",le="+Inf"} 5"#, #"x_seconds_sum{model="a\"b\\c\nd"} 400.000741"#,
                #"x_seconds_count{model="a\"b\\c\nd"} 5"#,
            ])
    }

    @Test("starts are counted by model and stage, and all behind 256 models together")
    func starts() throws {
        var metrics = NodeMetrics()
        let stages = StartStages(scalerPre: 1, tePreLoad: 2, teLoad: 3, tePostLoad: 4, scalerPost: 5)
        for number in 0..<300 { metrics.note(stages, of: try #require(ModelName("m\(number)"))) }
        #expect(metrics.starts.count == 257)
        #expect(metrics.starts["(others)"]?.map(\.count) == [44, 44, 44, 44, 44])
        #expect(metrics.starts["m0"]?.map(\.totalMicroseconds) == [1, 2, 3, 4, 5])
    }

    @Test("ends are counted by how the process ended")
    func ends() {
        var metrics = NodeMetrics()
        let statuses: [LinuxKernel.ExitStatus?] = [
            nil, .exited(code: 0), .exited(code: 0), .exited(code: 70), .signalled(signal: 9),
        ]
        for status in statuses {
            metrics.noteEnd(status)
        }
        #expect(metrics.ends == [.lost: 1, .exited: 2, .failed: 1, .signalled: 1])
    }
}
