// SPDX-License-Identifier: Apache-2.0
import ServingModel
import Testing

@testable import NodeDaemon

@Suite("What an instance may say of a task, and how often")
struct ReplySequenceTests {
    private func tell(
        _ replies: inout ReplySequence, _ indices: [Int], admitted wanted: Bool = true,
        location: SourceLocation = #_sourceLocation
    ) {
        for index in indices {
            let got = replies.admits(index: index)
            #expect(got == wanted, "index \(index)", sourceLocation: location)
        }
    }

    @Test("parts come without gaps from where the answer stood")
    func indices() {
        var replies = ReplySequence(nextIndex: 5)
        tell(&replies, [6], admitted: false)
        tell(&replies, [5, 6, 7])
        tell(&replies, [9], admitted: false)
    }

    @Test("a task that was learned from an instance may begin anywhere, and goes on without gaps")
    func learned() {
        var replies = ReplySequence(nextIndex: nil)
        tell(&replies, [40, 41])
        tell(&replies, [43], admitted: false)
    }

    @Test("each replay is one pass through what was told, and no more")
    func replays() {
        var replies = ReplySequence(nextIndex: 0)
        tell(&replies, [0, 1, 2, 3])
        replies.expectReplay(from: 1)
        // Sent before the instance heard of the replay.
        tell(&replies, [4])
        tell(&replies, [1, 2, 3, 4, 5])
        // The one pass that a submission may find is still open; it begins once.
        tell(&replies, [0, 1])
        tell(&replies, [0, 1], admitted: false)
        tell(&replies, [2, 3, 4, 5, 6])
        tell(&replies, [3], admitted: false)
    }

    @Test("parts that were acknowledged meanwhile are left out of a replay")
    func acknowledged() {
        var replies = ReplySequence(nextIndex: 0)
        tell(&replies, Array(0..<10))
        replies.expectReplay(from: 2)
        tell(&replies, [6, 7, 8, 9, 10])
    }

    @Test("one that repeats a token for ever is not admitted for ever, however many replays were asked for")
    func repetition() {
        var replies = ReplySequence(nextIndex: 0)
        tell(&replies, [0])
        for _ in 0..<1000 { replies.expectReplay(from: 0) }
        let admitted = (0..<10_000).count { _ in replies.admits(index: 0) }
        #expect(admitted <= 65)
    }

    @Test("acceptances and ends are counted")
    func ends() {
        var replies = ReplySequence(nextIndex: 0)
        replies.expectReplay(from: 0)
        #expect((0..<9).map { _ in replies.admitsAcceptance() }.count { $0 } == 3)
        #expect((0..<9).map { _ in replies.admitsEnd(partCount: nil) }.count { $0 } == 3)
    }

    @Test("an end after more parts than were told is refused")
    func partsAtEnd() {
        var replies = ReplySequence(nextIndex: 3)
        tell(&replies, [3, 4])
        let early = replies.admitsEnd(partCount: 6)
        #expect(!early)
        let due = replies.admitsEnd(partCount: 5)
        #expect(due)
    }

    @Test("nobody is told more than a window beyond what was acknowledged")
    func window() {
        var replies = ReplySequence(nextIndex: 0)
        tell(&replies, Array(0..<4096))
        tell(&replies, [4096], admitted: false)
        replies.acknowledge(100)
        tell(&replies, Array(4096..<4196))
        tell(&replies, [4196], admitted: false)
    }
}
