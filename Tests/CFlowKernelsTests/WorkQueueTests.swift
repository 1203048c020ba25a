// SPDX-License-Identifier: Apache-2.0
import CFlowKernels
import Testing

@Suite("Work queue")
struct WorkQueueTests {
    @Test("gives each tile once, then none, and knows the last one to finish")
    func tiles() throws {
        let queue = try #require(flow_work_queue_create(2))
        defer { flow_work_queue_destroy(queue) }
        #expect(!flow_work_queue_take(queue).taken)
        #expect(flow_work_queue_publish(queue, 3) == 1)
        for tile in 0..<3 {
            let take = flow_work_queue_take(queue)
            #expect(take.taken && take.tile == UInt32(tile) && take.generation == 1)
        }
        for _ in 0..<100_000 { #expect(!flow_work_queue_take(queue).taken) }
        #expect(!flow_work_queue_finish(queue))
        #expect(!flow_work_queue_finish(queue))
        #expect(flow_work_queue_finish(queue))
        #expect(flow_work_queue_publish(queue, 0) == 2)
        #expect(!flow_work_queue_take(queue).taken)
        #expect(flow_work_queue_generation(queue) == 2)
    }

    @Test("holds as many tiles as it promises")
    func manyTiles() throws {
        let queue = try #require(flow_work_queue_create(2))
        defer { flow_work_queue_destroy(queue) }
        let count = Int(FLOW_WORK_QUEUE_TILES)
        flow_work_queue_publish(queue, UInt32(count))
        let taken = (0..<count + 1000).map { _ in flow_work_queue_take(queue) }.filter(\.taken)
        #expect(taken.map(\.tile) == (0..<UInt32(count)).map { $0 })
    }

    @Test("does not wait for a generation that has passed, nor once it is closed")
    func waiting() throws {
        let queue = try #require(flow_work_queue_create(2))
        defer { flow_work_queue_destroy(queue) }
        flow_work_queue_publish(queue, 1)
        #expect(flow_work_queue_spin(queue, 0, 0))
        flow_work_queue_sleep(queue, 0)
        #expect(!flow_work_queue_spin(queue, 1, 0))
        #expect(flow_work_queue_take(queue).taken)
        #expect(flow_work_queue_finish(queue))
        flow_work_queue_publish(queue, 0)
        flow_work_queue_close(queue)
        flow_work_queue_sleep(queue, 2)
        #expect(flow_work_queue_take(queue).closed)
    }

    /// What `flow_work_queue_back_up` gives, and which rank has it.
    private static func backUp(_ queue: OpaquePointer, _ generation: UInt32) -> (take: flow_take, owner: UInt32) {
        var owner: UInt32 = 0
        let take = flow_work_queue_back_up(queue, generation, &owner)
        return (take, owner)
    }

    @Test("of two that compute a tile the first one counts", arguments: [false, true])
    func backup(_ ownerIsFirst: Bool) throws {
        let queue = try #require(flow_work_queue_create(3))
        defer { flow_work_queue_destroy(queue) }
        #expect(flow_work_queue_publish(queue, 1) == 1)
        let tile = flow_work_queue_take(queue)
        // Nobody backs up what is not claimed, or belongs to another generation.
        #expect(!Self.backUp(queue, 1).take.taken)
        flow_work_queue_claim(queue, 2, tile)
        #expect(!Self.backUp(queue, 0).take.taken && !Self.backUp(queue, 2).take.taken)
        let (late, owner) = Self.backUp(queue, 1)
        #expect(late.taken && late.tile == tile.tile && late.generation == 1 && owner == 2)
        #expect(!Self.backUp(queue, 1).take.taken)
        if ownerIsFirst {
            #expect(flow_work_queue_confirm(queue, 2))
            #expect(!flow_work_queue_confirm_backup(queue, owner, late))
        } else {
            #expect(flow_work_queue_confirm_backup(queue, owner, late))
            #expect(!flow_work_queue_confirm(queue, 2))
        }
        flow_work_queue_quiesce(queue, 0)
    }

    @Test("a claim that was confirmed is nobody's, and one of the next generation is not taken for it")
    func confirmation() throws {
        let queue = try #require(flow_work_queue_create(2))
        defer { flow_work_queue_destroy(queue) }
        flow_work_queue_publish(queue, 1)
        flow_work_queue_claim(queue, 0, flow_work_queue_take(queue))
        let (late, owner) = Self.backUp(queue, 1)
        #expect(flow_work_queue_confirm(queue, 0))
        #expect(flow_work_queue_finish(queue))
        flow_work_queue_publish(queue, 1)
        flow_work_queue_claim(queue, 0, flow_work_queue_take(queue))
        #expect(!flow_work_queue_confirm_backup(queue, owner, late))
        flow_work_queue_quiesce(queue, 0)
        #expect(flow_work_queue_confirm(queue, 0))
        #expect(!Self.backUp(queue, 2).take.taken)
    }
}
