// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Testing

@testable import NodeDaemon

@Suite struct EventBacklogTests {
    @Test("lines that pile up come together, in their order")
    func batches() async {
        let backlog = EventBacklog()
        #expect(backlog.append(ByteBuffer(string: "one\n")))
        #expect(backlog.append(ByteBuffer(string: "two\n")))
        #expect(await backlog.next() == ByteBuffer(string: "one\ntwo\n"))
        backlog.finish()
        #expect(await backlog.next() == nil)
        #expect(!backlog.append(ByteBuffer(string: "late\n")))
    }

    @Test("what is pending when the stream ends is still delivered")
    func tail() async {
        let backlog = EventBacklog()
        #expect(backlog.append(ByteBuffer(string: "last\n")))
        backlog.finish()
        #expect(await backlog.next() == ByteBuffer(string: "last\n"))
        #expect(await backlog.next() == nil)
    }

    @Test("a reader that waits is woken by a line, by the end and by its own cancellation")
    func wakeups() async {
        let backlog = EventBacklog()
        async let line = backlog.next()
        #expect(backlog.append(ByteBuffer(string: "x\n")))
        #expect(await line == ByteBuffer(string: "x\n"))
        let waiting = Task { await backlog.next() }
        waiting.cancel()
        #expect(await waiting.value == nil)
    }

    @Test("a reader who never comes is cut off at the limit, and nothing of it is kept")
    func cutOff() async {
        let backlog = EventBacklog()
        let part = ByteBuffer(repeating: 65, count: 1 << 20)
        var taken = 0
        while backlog.append(part), taken < 1000 { taken += 1 }
        #expect(taken == EventBacklog.byteLimit >> 20)
        #expect(await backlog.next() == nil)
    }
}
