// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import Testing

@testable import NodeDaemon

@Suite struct InstanceNewsTests {
    private static func at(_ milliseconds: UInt64) -> MonotonicTime {
        MonotonicTime(nanoseconds: milliseconds * 1_000_000)
    }

    /// What becomes of changes that come one after the other.
    private struct Told {
        var news = InstanceNews()

        mutating func isDue(_ revision: UInt64, _ openings: UInt64, _ now: MonotonicTime) -> Bool {
            news.isDue(revision: revision, openings: openings, now: now)
        }
    }

    @Test("an instance that begins or ceases to take tasks is told at once")
    func openings() {
        var told = Told()
        let isFirstDue = told.isDue(1, 1, Self.at(0))
        let isNothingDue = told.isDue(1, 1, Self.at(100))
        #expect(isFirstDue && !isNothingDue)
        #expect(told.news.deadline == nil)
    }

    @Test("everything else waits a little, comes once, and comes along with what cannot wait")
    func rest() throws {
        var told = Told()
        let isDueAtOnce = told.isDue(1, 0, Self.at(0))
        let deadline = try #require(told.news.deadline)
        let isNextDueAtOnce = told.isDue(2, 0, Self.at(1))
        #expect(!isDueAtOnce && !isNextDueAtOnce)
        #expect(told.news.deadline == deadline, "a steady flow of changes does not put it off")
        let isDue = told.isDue(2, 0, deadline)
        #expect(isDue && told.news.deadline == nil)
        let isLaterDue = told.isDue(3, 0, deadline)
        let isDueWithOpening = told.isDue(4, 1, deadline)
        #expect(!isLaterDue && isDueWithOpening && told.news.deadline == nil)
    }
}
