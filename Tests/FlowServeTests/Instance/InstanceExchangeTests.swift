// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import Messages
import ServingModel
import Testing

@testable import FlowServe

@Suite("Instance exchange")
struct InstanceExchangeTests {
    private let task = TaskID(rawValue: 1)

    private func submit(_ exchange: inout InstanceExchange, _ submission: TaskSubmission) {
        for part in ToInstance.submission(submission) { exchange.carryOut(part) }
    }

    /// Lets the exchange send `room` packets and returns them.
    private func sent(_ exchange: inout InstanceExchange, room: Int = .max) throws -> [FromInstance] {
        var packets: [[UInt8]] = []
        exchange.pump { packet in
            guard packets.count < room else { return .full }
            packets.append(packet)
            return .sent
        }
        return try packets.map { packet in try packet.withUnsafeBytes { try FromInstance(decoding: $0) } }
    }

    private func token(_ index: Int) -> EngineEvent {
        .token(task, GeneratedToken(index: index, id: 3, text: "t"))
    }

    @Test("Orders for the engine wait until it takes them, all in one")
    func work() {
        var exchange = InstanceExchange()
        #expect(!exchange.hasWork)
        submit(&exchange, .of(1))
        exchange.carryOut(.acknowledge(task, index: 3))
        exchange.carryOut(.acknowledge(task, index: 2))
        exchange.carryOut(.cancel(task))
        #expect(exchange.hasWork)
        let work = exchange.dequeueWork()
        #expect(work?.submissions == [.of(1)])
        #expect(work?.acknowledgements == [task: 3])
        #expect(work?.cancellations == [task])
        #expect(!exchange.hasWork)
    }

    @Test("A full channel holds one packet up, and what follows waits in the ledger")
    func fullChannel() throws {
        var exchange = InstanceExchange()
        submit(&exchange, .of(1))
        exchange.note([.accepted(task, promptTokens: 2, firstIndex: 0), token(0)])
        #expect(try sent(&exchange, room: 1) == [.accepted(task, promptTokens: 2)])
        #expect(exchange.interest == [.readable, .writable])
        #expect(exchange.needsAttention)
        for index in 1..<100 { exchange.note([token(index)]) }
        #expect(try sent(&exchange, room: 0) == [])
        let frames = try sent(&exchange)
        #expect(exchange.interest == .readable)
        let indices = frames.map { frame -> [Int] in
            if case .tokens(let tokens) = frame { tokens.map(\.token.index) } else { [] }
        }
        #expect(indices == [[0], Array(1..<100)], "one packet was held up, the others became one")
    }

    @Test("A daemon that asks without reading is not read any more")
    func askingWithoutReading() throws {
        var exchange = InstanceExchange()
        for number in 0..<100 as Range<UInt64> {
            exchange.carryOut(.ping(number))
            _ = try sent(&exchange, room: 0)
        }
        #expect(exchange.interest == .writable)
        #expect(try sent(&exchange).count == 100)
        #expect(exchange.interest == .readable)
    }

    @Test("Prompts that wait for the engine are bounded in bytes")
    func waitingPrompts() {
        var exchange = InstanceExchange()
        let long = String(repeating: "x", count: TaskSubmission.Limits.byteCount - 200)
        submit(&exchange, .of(1, long))
        #expect(exchange.interest == .readable)
        submit(&exchange, .of(2, long))
        submit(&exchange, .of(3, long))
        #expect(exchange.interest == [])
        #expect(exchange.dequeueWork()?.submissions.count == 3)
        #expect(exchange.interest == .readable)
    }

    @Test("A task that is submitted again is answered with what there is, and not computed twice")
    func submittedTwice() throws {
        var exchange = InstanceExchange()
        submit(&exchange, .of(1))
        exchange.note([.accepted(task, promptTokens: 2, firstIndex: 0), token(0)])
        let first = try sent(&exchange)
        _ = exchange.dequeueWork()
        submit(&exchange, .of(1))
        #expect(exchange.dequeueWork()?.submissions.isEmpty == true)
        #expect(try sent(&exchange) == first)
    }

    @Test("A cancelled or forgotten submission of which parts are missing is over")
    func unfinishedSubmissions() throws {
        let parts = ToInstance.submission(.of(1, String(repeating: "x", count: 60_000)))
        var exchange = InstanceExchange()
        exchange.carryOut(parts[0])
        exchange.carryOut(.cancel(task))
        guard case .finished(task, let outcome) = try sent(&exchange).first else {
            Issue.record("no end")
            return
        }
        #expect(outcome.reason == .cancelled)
        exchange.carryOut(.release(task))
        exchange.carryOut(parts[0])
        exchange.carryOut(.release(task))
        for part in parts { exchange.carryOut(part) }
        #expect(exchange.dequeueWork()?.submissions.count == 1)
    }

    @Test("A task that is forgotten while it runs is cancelled")
    func forgottenWhileRunning() throws {
        var exchange = InstanceExchange()
        submit(&exchange, .of(1))
        _ = exchange.dequeueWork()
        exchange.carryOut(.release(task))
        #expect(exchange.dequeueWork()?.cancellations == [task])
        #expect(try sent(&exchange) == [])
        // The engine still has it, so it cannot begin anew here.
        submit(&exchange, .of(1))
        guard case .failed(task, .overloaded, _) = try sent(&exchange).first else {
            Issue.record("the second attempt was taken")
            return
        }
    }

    @Test("A drain ends the instance when the last end is on its way, not before")
    func drain() throws {
        var exchange = InstanceExchange()
        submit(&exchange, .of(1))
        _ = exchange.dequeueWork()
        exchange.carryOut(.drain)
        _ = try sent(&exchange)
        #expect(exchange.stop == nil)
        let outcome = TaskOutcome(
            reason: .length, text: "", completionTokens: 0, prefillMicroseconds: 0, decodeMicroseconds: 0)
        exchange.note([.accepted(task, promptTokens: 1, firstIndex: 0), .finished(task, outcome)])
        _ = try sent(&exchange, room: 1)
        #expect(exchange.stop == nil)
        #expect(try sent(&exchange) == [.finished(task, outcome)])
        #expect(exchange.stop == .drained)
        #expect(exchange.hasWork, "the engine must look to see the end")
    }
}
