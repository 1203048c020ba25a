// SPDX-License-Identifier: Apache-2.0
import ServingModel
import Testing

@Suite("Numbered streams")
struct StreamTests {
    @Test("a gap is asked for once until it is closed")
    func gaps() {
        var cursor = StreamCursor()
        #expect(cursor.receive(2) == .gap(askFrom: 0))
        #expect(cursor.receive(3) == .gap(askFrom: nil))
        #expect(cursor.receive(0) == .due)
        #expect(cursor.receive(2) == .gap(askFrom: 1))
        #expect(cursor.receive(0) == .repetition)
    }

    @Test("negative and absurd indices change nothing but a question")
    func absurd() {
        var cursor = StreamCursor()
        #expect(cursor.receive(-1) == .repetition)
        #expect(cursor.receive(.max) == .gap(askFrom: 0))
        #expect(cursor.nextIndex == 0)
    }

    @Test("an end that counts more than came is asked about, then believed")
    func ends() {
        var cursor = StreamCursor()
        _ = cursor.receive(0)
        #expect(cursor.end(after: 3) == .gap(askFrom: 1))
        #expect(cursor.end(after: 3) == .complete)
        _ = cursor.receive(1)
        #expect(cursor.end(after: 3) == .gap(askFrom: 2))
        #expect(cursor.end(after: 2) == .complete)
    }

    @Test("the first end behind a gap that was asked for is not believed: what is missing is on its way")
    func endBehindGap() {
        var cursor = StreamCursor()
        #expect(cursor.receive(1) == .gap(askFrom: 0))
        #expect(cursor.end(after: 2) == .gap(askFrom: nil))
        #expect(cursor.receive(0) == .due && cursor.receive(1) == .due)
        #expect(cursor.end(after: 2) == .complete)
    }

    @Test("acknowledgements come in steps, counted anew from where another sender goes on")
    func acknowledgements() {
        var cursor = StreamCursor()
        var acknowledged: [Int] = []
        for index in 0..<230 {
            if index == 100 { cursor.changeSender() }
            _ = cursor.receive(index)
            if let index = cursor.acknowledge(upTo: index + 1, every: 64) { acknowledged.append(index) }
        }
        #expect(acknowledged == [64, 164, 228])
        #expect(cursor.acknowledge(upTo: .max, every: 1) == 230)
    }

    @Test("a sender keeps what was not acknowledged and sends it again from where it is asked to")
    func window() {
        var window = StreamWindow(nextIndex: 5)
        window.append(10)
        window.send(4)
        #expect(window.nextToSend == 9 && window.unsentCount == 6 && window.keptCount == 10)
        #expect(window.acknowledge(7) == 2)
        window.rewind(to: 0)
        #expect(window.nextToSend == 7)
        #expect(window.acknowledge(12) == 5)
        #expect(window.nextToSend == 12)
        #expect(window.acknowledge(3) == 0)
        window.rewind(to: 99)
        #expect(window.unsentCount == 0)
        #expect(window.acknowledge(.max) == 3 && window.keptCount == 0)
    }

    @Test("over a channel that loses, repeats and mixes up everything, each item arrives once and in order")
    func lossyChannel() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            let count = Int.random(in: 0...40, using: &generator)
            var window = StreamWindow()
            window.append(count)
            var cursor = StreamCursor()
            var channel: [Int] = []
            var received: [Int] = []
            var rounds = 0
            while cursor.nextIndex < count {
                rounds += 1
                // Whoever has waited long enough asks again: here with a chance in each round.
                if window.unsentCount == 0, channel.isEmpty { window.rewind(to: cursor.nextIndex) }
                while window.unsentCount > 0 {
                    if Int.random(in: 0..<4, using: &generator) > 0 { channel.append(window.nextToSend) }
                    window.send()
                }
                channel.shuffle(using: &generator)
                for index in channel {
                    switch cursor.receive(index) {
                    case .due: received.append(index)
                    case .repetition: break
                    case .gap(let index?): window.rewind(to: index)
                    case .gap: break
                    }
                }
                channel = []
                if let index = cursor.acknowledge(upTo: cursor.nextIndex, every: 4) { _ = window.acknowledge(index) }
                #expect(window.firstKept <= cursor.nextIndex)
                guard rounds < 10_000 else {
                    Issue.record("no progress")
                    return
                }
            }
            #expect(received == Array(0..<count))
        }
    }
}
