// SPDX-License-Identifier: Apache-2.0
import ServingModel
import Synchronization
import Testing

@testable import ClusterScheduler

@Suite("Job output")
struct JobOutputTests {
    private final class Key: Sendable {}

    private func parts(_ range: Range<Int>) -> [ReplyPart] {
        range.map { .token(GeneratedToken(index: $0, id: 1, text: "")) }
    }

    private let summary = JobSummary(reason: .stop, promptTokens: 1, completionTokens: 6)

    @Test("readers follow at their own pace, and parts are kept until all have them")
    func readers() throws {
        let output = JobOutput()
        let (fast, slow) = (Key(), Key())
        let calls = Mutex(0)
        #expect(output.attach(ObjectIdentifier(fast), from: 0) { calls.withLock { $0 += 1 } })
        #expect(output.attach(ObjectIdentifier(slow), from: 0) {})
        #expect(output.acceptance == .pending)
        output.accept(promptTokens: 1)
        #expect(output.acceptance == .accepted)
        output.append(parts(0..<4))
        #expect(calls.withLock { $0 } == 2)
        let first = try #require(output.read(ObjectIdentifier(fast)))
        #expect(first.parts == parts(0..<4) && first.takenIndex == 0 && first.end == nil)
        output.append(parts(4..<6))
        let late = Key()
        #expect(output.attach(ObjectIdentifier(late), from: 2) {})
        #expect(output.read(ObjectIdentifier(late))?.parts == parts(2..<6))
        #expect(output.read(ObjectIdentifier(slow))?.takenIndex == 4)
        #expect(!output.attach(ObjectIdentifier(Key()), from: 3) {})
        #expect(output.read(ObjectIdentifier(fast))?.parts == parts(4..<6))
        output.finish(.success(summary))
        #expect(!output.isRead)
        #expect(output.read(ObjectIdentifier(fast))?.parts.isEmpty == true)
        #expect(output.detach(ObjectIdentifier(fast)) == 2)
        #expect(output.detach(ObjectIdentifier(slow)) == 1)
        #expect(output.detach(ObjectIdentifier(late)) == 0)
        #expect(output.isRead && output.read(ObjectIdentifier(fast)) == nil)
    }

    @Test("a job that fails before an instance takes it says so to whoever waits for that")
    func failure() {
        let output = JobOutput()
        output.finish(.failure(JobFailure(.noNode, "none")))
        #expect(output.acceptance == .failed(JobFailure(.noNode, "none")))
    }
}
