// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ClusterScheduler

@Suite("BoundedChannel")
struct BoundedChannelTests {
    @Test("messages come in order, all at once, and urgent ones always fit")
    func order() async throws {
        let box = BoundedChannel<Int>(limit: 2)
        #expect(box.post(1) && box.post(2))
        #expect(!box.post(3))
        #expect(box.post(4, isUrgent: true))
        #expect(try await box.take() == [1, 2, 4])
    }

    @Test("a reader that waits is woken by the first message")
    func waiting() async throws {
        let box = BoundedChannel<Int>(limit: 1)
        async let messages = box.take()
        box.post(5)
        #expect(try await messages == [5])
    }

    @Test("a bounded wait ends empty, and loses nothing")
    func bounded() async throws {
        let box = BoundedChannel<Int>(limit: 1)
        #expect(try await box.take(within: .milliseconds(1)).isEmpty)
        box.post(1)
        #expect(try await box.take(within: .seconds(30)) == [1])
    }

    @Test("a cancelled reader is let go, before and during its wait")
    func cancellation() async {
        let box = BoundedChannel<Int>(limit: 1)
        let reader = Task { try await box.take() }
        reader.cancel()
        await #expect(throws: CancellationError.self) { try await reader.value }
        box.post(1)
        let other = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await box.take()
        }
        await #expect(throws: CancellationError.self) { try await other.value }
    }

    @Test("many senders lose nothing")
    func senders() async throws {
        let box = BoundedChannel<Int>(limit: 100_000)
        let total = try await withThrowingTaskGroup(of: Void.self) { group in
            for sender in 0..<8 {
                group.addTask { for number in 0..<500 { box.post(sender * 500 + number) } }
            }
            var seen: Set<Int> = []
            while seen.count < 4000 { seen.formUnion(try await box.take()) }
            return seen.count
        }
        #expect(total == 4000)
    }
}
