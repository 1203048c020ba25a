// SPDX-License-Identifier: Apache-2.0
import ServingModel
import Testing

@testable import AdminCommands

@Suite("A job as people read it")
struct JobReportTests {
    private func job() throws -> JobRecord {
        var job = JobRecord(
            id: JobID(rawValue: 1), request: RequestID(rawValue: 2), kind: .chat,
            model: try #require(ModelName("m")), userID: 0, createdAt: 0)
        job.status = .failed
        job.failure = "instance_lost: \u{1B}[31mgone"
        job.phases.queueMicroseconds = 85
        job.phases.firstTokenMicroseconds = 12_300
        job.tasks = [TaskRecord(id: TaskID(rawValue: 3), node: .local, firstIndex: 0)]
        job.tasks.append(TaskRecord(id: TaskID(rawValue: 4), node: .local, firstIndex: 17))
        return job
    }

    @Test("It names the job, its phases in their order and every attempt")
    func text() throws {
        let text = JobReport.text(of: try job())
        #expect(text.contains("job-0000000000000001"))
        #expect(text.contains("instance_lost: ␛[31mgone"))
        var rest = text[...]
        for word in ["queue", "85 us", "fork", "prefill", "first token", "12.3 ms", "decode", "task-", "17"] {
            let found = try #require(rest.firstRange(of: word), "\(word) is missing or out of order")
            rest = rest[found.upperBound...]
        }
    }

    @Test("Phases that did not happen are a dash")
    func missing() throws {
        let lines = JobReport.phases(of: RequestPhases()).split(separator: "\n")
        #expect(lines.count == 6)
        #expect(lines.dropFirst().allSatisfy { $0.contains("  - ") || $0.contains(" -  ") })
    }

    @Test("An answer's report adds its parts up and names tokens per second")
    func answer() {
        var report = AnswerReport(model: "m", job: "job-1")
        report.add(ReceivedPart(text: "a"))
        report.add(ReceivedPart(text: "b", finishReason: "stop"))
        report.add(ReceivedPart(promptTokens: 3, completionTokens: 101))
        report.phases = RequestPhases()
        report.phases?.decodeMicroseconds = 500_000
        #expect(report.text == "ab")
        #expect(report.finishReason == "stop")
        #expect(report.summary.contains("3 prompt tokens, 101 answer tokens, 200 tokens/s"))
        #expect(report.summary.hasSuffix("job job-1\n"))
    }
}
