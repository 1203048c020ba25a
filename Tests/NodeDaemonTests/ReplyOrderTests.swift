// SPDX-License-Identifier: Apache-2.0
import ServingModel
import Testing

@testable import NodeDaemon

@Suite("What an instance may say of a task, and how often")
struct ReplyOrderTests {
    private func tell(
        _ order: inout ReplyOrder, _ indices: [Int], admitted wanted: Bool = true,
        location: SourceLocation = #_sourceLocation
    ) {
        for index in indices {
            let got = order.admits(index: index)
            #expect(got == wanted, "index \(index)", sourceLocation: location)
        }
    }

    @Test("parts come without gaps from where the answer stood")
    func indices() {
        var order = ReplyOrder(nextIndex: 5)
        tell(&order, [6], admitted: false)
        tell(&order, [5, 6, 7])
        tell(&order, [9], admitted: false)
    }

    @Test("a task that was learned from an instance may begin anywhere, and goes on without gaps")
    func learned() {
        var order = ReplyOrder(nextIndex: nil)
        tell(&order, [40, 41])
        tell(&order, [43], admitted: false)
    }

    @Test("each replay is one pass through what was told, and no more")
    func replays() {
        var order = ReplyOrder(nextIndex: 0)
        tell(&order, [0, 1, 2, 3])
        order.expectReplay(from: 1)
        // Sent before the instance heard of the replay.
        tell(&order, [4])
        tell(&order, [1, 2, 3, 4, 5])
        // The one pass that a submission may find is still open; it begins once.
        tell(&order, [0, 1])
        tell(&order, [0, 1], admitted: false)
        tell(&order, [2, 3, 4, 5, 6])
        tell(&order, [3], admitted: false)
    }

    @Test("parts that were acknowledged meanwhile are left out of a replay")
    func acknowledged() {
        var order = ReplyOrder(nextIndex: 0)
        tell(&order, Array(0..<10))
        order.expectReplay(from: 2)
        tell(&order, [6, 7, 8, 9, 10])
    }

    @Test("one that repeats a token for ever is not admitted for ever, however many replays were asked for")
    func repetition() {
        var order = ReplyOrder(nextIndex: 0)
        tell(&order, [0])
        for _ in 0..<1000 { order.expectReplay(from: 0) }
        let admitted = (0..<10_000).count { _ in order.admits(index: 0) }
        #expect(admitted <= 65)
    }

    @Test("acceptances and ends are counted")
    func ends() {
        var order = ReplyOrder(nextIndex: 0)
        order.expectReplay(from: 0)
        #expect((0..<9).map { _ in order.admitsAcceptance() }.count { $0 } == 3)
        #expect((0..<9).map { _ in order.admitsEnd(partCount: nil) }.count { $0 } == 3)
    }

    @Test("an end after more parts than were told is refused")
    func partsAtEnd() {
        var order = ReplyOrder(nextIndex: 3)
        tell(&order, [3, 4])
        let early = order.admitsEnd(partCount: 6)
        #expect(!early)
        let due = order.admitsEnd(partCount: 5)
        #expect(due)
    }

    @Test("nobody is told more than a window beyond what was acknowledged")
    func window() {
        var order = ReplyOrder(nextIndex: 0)
        tell(&order, Array(0..<4096))
        tell(&order, [4096], admitted: false)
        order.acknowledge(100)
        tell(&order, Array(4096..<4196))
        tell(&order, [4196], admitted: false)
    }
}
