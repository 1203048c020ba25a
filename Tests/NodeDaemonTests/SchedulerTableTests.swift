// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import Messages
import ServingModel
import Testing

@testable import NodeDaemon

@Suite("Several schedulers at one node") struct SchedulerTableTests {
    private var table = SchedulerTable(
        limits: SchedulerTable.Limits(claimSeconds: 30, absenceSeconds: 300))
    private let start = MonotonicTime(nanoseconds: 1_000_000_000)

    private func identity(_ number: UInt64, _ epoch: UInt64) -> SchedulerIdentity {
        SchedulerIdentity(id: SchedulerID(rawValue: number), epoch: epoch)
    }

    @Test("of one scheduler the highest epoch gives the orders, whatever others do")
    mutating func epochs() throws {
        _ = try table.admit(identity(1, 5), now: start)
        _ = try table.admit(identity(2, 1), now: start)
        let stream = table.open(SchedulerID(rawValue: 1), now: start).new
        let successor = try table.admit(identity(1, 6), now: start)
        #expect(successor == .init(scheduler: SchedulerID(rawValue: 1), isSuccessor: true, endedStream: stream))
        var copy = table
        #expect(throws: NodeAPIError.self) {
            try copy.admit(SchedulerTableTests.old, now: MonotonicTime(nanoseconds: 0))
        }
        let again = try table.admit(identity(1, 6), now: start)
        #expect(again == .init(scheduler: SchedulerID(rawValue: 1)))
        let other = try table.admit(identity(2, 1), now: start)
        #expect(!other.isSuccessor)
    }

    private static let old = SchedulerIdentity(id: SchedulerID(rawValue: 1), epoch: 5)

    @Test("each has its own time to ask for its tasks; what nobody owns waits for all who are connected")
    mutating func grace() throws {
        for number in [1, 2] as [UInt64] { _ = try table.admit(identity(number, 1), now: start) }
        _ = table.open(SchedulerID(rawValue: 1), now: start)
        _ = table.open(SchedulerID(rawValue: 2), now: start.adding(seconds: 10))
        let early = table.takeDue(now: start.adding(seconds: 29))
        #expect(early.isEmpty)
        #expect(table.nextDeadline == start.adding(seconds: 30))
        let first = table.takeDue(now: start.adding(seconds: 30))
        #expect(first == [.abandoned(SchedulerID(rawValue: 1))])
        let second = table.takeDue(now: start.adding(seconds: 40))
        #expect(second == [.abandoned(SchedulerID(rawValue: 2)), .unknown])
        #expect(table.nextDeadline == nil)
    }

    @Test("one that stays away is not waited for for ever")
    mutating func absence() throws {
        _ = try table.admit(identity(1, 1), now: start)
        let stream = table.open(SchedulerID(rawValue: 1), now: start).new
        table.close(stream, now: start.adding(seconds: 5))
        #expect(table.nextDeadline == start.adding(seconds: 305))
        let due = table.takeDue(now: start.adding(seconds: 305))
        #expect(due == [.all(SchedulerID(rawValue: 1))])
    }

    @Test("other bounds hold from the moment when they are told")
    mutating func changedLimits() throws {
        _ = try table.admit(identity(1, 1), now: start)
        table.keep(to: SchedulerTable.Limits(claimSeconds: 5, absenceSeconds: 60))
        let stream = table.open(SchedulerID(rawValue: 1), now: start).new
        #expect(table.nextDeadline == start.adding(seconds: 5))
        table.close(stream, now: start)
        #expect(table.nextDeadline == start.adding(seconds: 60))
    }
}
