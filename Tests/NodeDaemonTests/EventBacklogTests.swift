// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Messages
import NIOCore
import ServingModel
import Testing

@testable import NodeDaemon

@Suite struct EventBacklogTests {
    private static func token(_ index: Int, _ text: String = "word") -> NodeEvent {
        .tokens([TaskToken(task: TaskID(rawValue: 3), token: GeneratedToken(index: index, id: 7, text: text))])
    }

    private static func events(_ lines: ByteBuffer?) throws -> [NodeEvent] {
        try String(buffer: #require(lines)).split(separator: "\n").map {
            try JSONDecoder().decode(NodeEvent.self, from: Data($0.utf8))
        }
    }

    @Test("events that pile up come together, in their order")
    func batches() async throws {
        let backlog = EventBacklog(byteLimit: 16 << 20)
        #expect(backlog.append(Self.token(0)))
        #expect(backlog.append(Self.token(1)))
        #expect(try Self.events(await backlog.next()) == [Self.token(0), Self.token(1)])
        backlog.finish()
        #expect(try await backlog.next() == nil)
        #expect(!backlog.append(Self.token(2)))
    }

    @Test("what is pending when the stream ends is still delivered")
    func tail() async throws {
        let backlog = EventBacklog(byteLimit: 16 << 20)
        #expect(backlog.append(Self.token(0)))
        backlog.finish()
        #expect(try Self.events(await backlog.next()) == [Self.token(0)])
        #expect(try await backlog.next() == nil)
    }

    @Test("a reader that waits is woken by an event, by the end and by its own cancellation")
    func wakeups() async throws {
        let backlog = EventBacklog(byteLimit: 16 << 20)
        async let lines = backlog.next()
        #expect(backlog.append(Self.token(0)))
        #expect(try Self.events(await lines) == [Self.token(0)])
        let waiting = Task { try await backlog.next() }
        waiting.cancel()
        #expect(try await waiting.value == nil)
    }

    @Test("a reader who never comes is cut off at the limit, and nothing of it is kept")
    func cutOff() async throws {
        let backlog = EventBacklog(byteLimit: 16 << 20)
        let event = Self.token(0, String(repeating: "x", count: 1 << 20))
        var taken = 0
        while backlog.append(event), taken < 1000 { taken += 1 }
        #expect(taken == 15)
        #expect(try await backlog.next() == nil)
    }

    @Test("of several lists of instances the reader gets the last, behind the events that came")
    func latestState() async throws {
        let backlog = EventBacklog(byteLimit: 16 << 20)
        let old = InstanceSummary(
            id: InstanceID(rawValue: 1), template: TemplateID(rawValue: 2), processID: 3,
            model: try #require(ModelName("a")), role: .colocated, state: .ready, activeTasks: 0, maximumTasks: 1,
            privateBytes: nil, keyValueBytes: 0, startedAt: 0, startMicroseconds: nil, startStages: nil, tasksServed: 0,
            missingSandboxSteps: [])
        #expect(backlog.append(.instances([old])))
        #expect(backlog.append(Self.token(0)))
        #expect(backlog.append(.instances([])))
        #expect(try Self.events(await backlog.next()) == [Self.token(0), .instances([])])
        #expect(backlog.append(.instances([old])))
        backlog.finish()
        #expect(try Self.events(await backlog.next()) == [.instances([old])])
        #expect(try await backlog.next() == nil)
        #expect(!backlog.append(.instances([])))
    }
}
