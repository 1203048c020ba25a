// SPDX-License-Identifier: Apache-2.0
import Messages
import ServingModel
import Testing

@testable import FlowServe

@Suite("Submission assembly")
struct SubmissionAssemblyTests {
    private let task = TaskID(rawValue: 1)

    private func take(_ assembly: inout SubmissionAssembly, _ order: ToInstance) -> SubmissionAssembly.Result? {
        guard case .submissionPart(let task, let offset, let total, let bytes) = order else { return nil }
        return assembly.add(task, offset: offset, total: total, bytes: bytes)
    }

    @Test("Parts in order make the submission that was sent")
    func inOrder() {
        let submission = TaskSubmission.of(1, String(repeating: "long ", count: 60_000))
        let parts = ToInstance.submission(submission)
        #expect(parts.count > 3)
        var assembly = SubmissionAssembly()
        for part in parts.dropLast() {
            guard case .incomplete = take(&assembly, part) else {
                Issue.record("complete too early")
                return
            }
        }
        guard case .complete(submission) = take(&assembly, parts[parts.count - 1]) else {
            Issue.record("not complete after the last part")
            return
        }
        #expect(!assembly.holds(task))
    }

    @Test(
        "A gap, an overlap, another total or an empty part drops the submission",
        arguments: [(11, 100, 5), (9, 100, 5), (10, 101, 5), (10, 100, 0), (10, 12, 5)])
    func misfit(offset: Int, total: Int, count: Int) {
        var assembly = SubmissionAssembly()
        _ = assembly.add(task, offset: 0, total: 100, bytes: Array(repeating: 1, count: 10))
        let result = assembly.add(task, offset: offset, total: total, bytes: Array(repeating: 1, count: count))
        guard case .refused(let refusal) = result else {
            Issue.record("the part was taken")
            return
        }
        #expect(refusal.failure == .invalidRequest)
        #expect(!assembly.holds(task))
    }

    @Test("A submission that begins again replaces what was there")
    func beginsAgain() {
        let parts = ToInstance.submission(.of(1, String(repeating: "x", count: 60_000)))
        var assembly = SubmissionAssembly()
        _ = take(&assembly, parts[0])
        _ = take(&assembly, parts[0])
        guard case .complete = take(&assembly, parts[1]) else {
            Issue.record("not complete")
            return
        }
    }

    @Test("Unfinished submissions are bounded in number and in bytes")
    func bounds() {
        var assembly = SubmissionAssembly()
        for number in 0..<UInt64(SubmissionAssembly.unfinished) {
            _ = assembly.add(TaskID(rawValue: number), offset: 0, total: 100, bytes: [1])
        }
        guard case .refused(let refusal) = assembly.add(TaskID(rawValue: 99), offset: 0, total: 9, bytes: [1]) else {
            Issue.record("one too many was taken")
            return
        }
        #expect(refusal.failure == .overloaded)
        for number in 0..<UInt64(SubmissionAssembly.unfinished) { assembly.drop(TaskID(rawValue: number)) }
        let large = Array(repeating: 1 as UInt8, count: SubmissionAssembly.byteCount / 4)
        for number in 0..<5 as Range<UInt64> {
            let result = assembly.add(TaskID(rawValue: number), offset: 0, total: large.count + 1, bytes: large)
            if case .refused = result { #expect(number == 4) } else { #expect(number < 4) }
        }
    }
}
