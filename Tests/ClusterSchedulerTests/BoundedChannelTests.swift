// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ClusterScheduler

@Suite("BoundedChannel")
struct BoundedChannelTests {
    @Test("messages come in order, all at once, and urgent ones always fit")
    func order() async throws {
        let box = BoundedChannel<Int>(limit: 2)
        #expect(box.send(1) && box.send(2))
        #expect(!box.send(3))
        #expect(box.send(4, isUrgent: true))
        #expect(try await box.receive() == [1, 2, 4])
    }

    @Test("a reader that waits is woken by the first message")
    func waiting() async throws {
        let box = BoundedChannel<Int>(limit: 1)
        async let messages = box.receive()
        box.send(5)
        #expect(try await messages == [5])
    }

    @Test("a bounded wait ends empty, and loses nothing")
    func bounded() async throws {
        let box = BoundedChannel<Int>(limit: 1)
        #expect(try await box.receive(within: .milliseconds(1)).isEmpty)
        box.send(1)
        #expect(try await box.receive(within: .seconds(30)) == [1])
    }

    @Test("a cancelled reader is let go, before and during its wait")
    func cancellation() async {
        let box = BoundedChannel<Int>(limit: 1)
        let reader = Task { try await box.receive() }
        reader.cancel()
        await #expect(throws: CancellationError.self) { try await reader.value }
        box.send(1)
        let other = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await box.receive()
        }
        await #expect(throws: CancellationError.self) { try await other.value }
    }

    @Test("many senders lose nothing")
    func senders() async throws {
        let box = BoundedChannel<Int>(limit: 100_000)
        let total = try await withThrowingTaskGroup(of: Void.self) { group in
            for sender in 0..<8 {
                group.addTask { for number in 0..<500 { box.send(sender * 500 + number) } }
            }
            var seen: Set<Int> = []
            while seen.count < 4000 { seen.formUnion(try await box.receive()) }
            return seen.count
        }
        #expect(total == 4000)
    }
}
