// SPDX-License-Identifier: Apache-2.0
import Messages
import ServingModel
import Testing

@testable import ClusterScheduler

/// Takes everything and says nothing.
private final class SilentListener: TaskListener {
    func submissionEnded(_ task: TaskID, _ error: NodeRequestError?) {}
    func receive(_ task: TaskID, _ event: TaskEvent) {}
    func receive(_ task: TaskID, tokens: [GeneratedToken]) {}
    func taskGone(_ task: TaskID, reason: String) {}
}

@Suite("Node ledger")
struct NodeLedgerTests {
    private func task(_ number: UInt64, generated: [Int32] = []) throws -> ServingTask {
        ServingTask(
            id: TaskID(rawValue: number), job: JobID(rawValue: 1), model: try #require(ModelName("m")),
            work: .answer(.text("x", parsesControlTokens: false), SamplingParameters(temperature: 0, seed: 1)),
            delivered: generated.count, generated: generated, tenant: TenantName(userID: 1))
    }

    @Test("only tasks that the node took are asked for again, from the next index")
    func resumption() throws {
        var ledger = NodeLedger()
        #expect(ledger.isSettling)
        #expect(ledger.connect().isEmpty)
        let listener = SilentListener()
        let taken = try task(1, generated: [5, 6])
        ledger.place(taken, tokens: 10, for: listener)
        #expect(ledger.confirm(taken.id) == nil)
        _ = ledger.receive(taken.id, .token(GeneratedToken(index: 2, id: 1, text: "")))
        _ = ledger.receive(taken.id, .token(GeneratedToken(index: 9, id: 1, text: "")))
        ledger.place(try task(2), tokens: 10, for: listener)
        ledger.lose("cut")
        #expect(ledger.isSettling && ledger.phase == .unreachable)
        #expect(ledger.connect() == [.resume(taken.id, index: 3)])
        // Its first events may have passed on the stream before.
        #expect(ledger.confirm(TaskID(rawValue: 2)) == .resume(TaskID(rawValue: 2), index: 0))
    }

    @Test("giving up names every task once")
    func givingUp() throws {
        var ledger = NodeLedger()
        _ = ledger.connect()
        ledger.place(try task(1), tokens: 1, for: SilentListener())
        ledger.lose("cut")
        #expect(ledger.giveUp().keys.map(\.rawValue) == [1])
        #expect(ledger.giveUp().isEmpty)
        #expect(!ledger.isSettling)
    }

    @Test("a task that is released before the node has taken it is ended once more when it has")
    func releaseBeforeAnswer() throws {
        var ledger = NodeLedger()
        _ = ledger.connect()
        ledger.place(try task(1), tokens: 1, for: SilentListener())
        #expect(ledger.release(TaskID(rawValue: 1), index: 0) == .cancel(TaskID(rawValue: 1)))
        #expect(ledger.confirm(TaskID(rawValue: 1)) == .cancel(TaskID(rawValue: 1)))
        #expect(ledger.confirm(TaskID(rawValue: 1)) == nil)
    }

    @Test("a released task is ended, or forgotten where it is over")
    func release() throws {
        var ledger = NodeLedger()
        ledger.place(try task(1), tokens: 1, for: SilentListener())
        ledger.place(try task(2), tokens: 1, for: SilentListener())
        _ = ledger.receive(TaskID(rawValue: 2), .failed(.internalError, message: ""))
        #expect(ledger.release(TaskID(rawValue: 1), index: 4) == .cancel(TaskID(rawValue: 1)))
        #expect(
            ledger.release(TaskID(rawValue: 2), index: 4)
                == .acknowledge(TaskAcknowledgement(task: TaskID(rawValue: 2), index: 4, isOver: true)))
        #expect(ledger.release(TaskID(rawValue: 2), index: 4) == nil)
    }

    @Test("orders of one task become one, and what could not be sent is still there")
    func outgoing() {
        let a = TaskID(rawValue: 1)
        let b = TaskID(rawValue: 2)
        var orders = DeferredRequests([
            .acknowledge(TaskAcknowledgement(task: a, index: 64, isOver: false)), .resume(b, index: 3), .cancel(b),
            .acknowledge(TaskAcknowledgement(task: a, index: 80, isOver: true)),
            .acknowledge(TaskAcknowledgement(task: a, index: 64, isOver: false)),
        ])
        let acknowledgement = TaskAcknowledgement(task: a, index: 80, isOver: true)
        #expect(orders.next() == .cancel(b))
        #expect(Set(orders.all) == [.cancel(b), .acknowledge(acknowledgement)])
        #expect(orders.next() == .acknowledge([acknowledgement]))
        #expect(orders.all == [.acknowledge(acknowledgement)])
        #expect(orders.next() == nil)
        #expect(orders.all.isEmpty)
    }

    @Test("waits grow from a moment to five seconds, and begin anew")
    func delays() {
        var delay = ReconnectionDelay(longest: .seconds(5))
        let waits = (0..<9).map { _ in delay.next() }
        #expect(
            waits == [
                .milliseconds(20), .milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800),
                .milliseconds(1600), .milliseconds(3200), .seconds(5), .seconds(5),
            ])
        delay.reset()
        #expect(delay.next() == .milliseconds(20))
    }
}
