// SPDX-License-Identifier: Apache-2.0
import CFlowKernels
import Testing

@Suite("Rank ticket")
struct RankTicketTests {
    @Test("gives each piece once, then none, and knows the last one to finish")
    func pieces() throws {
        let ticket = try #require(flow_ticket_create(2))
        defer { flow_ticket_destroy(ticket) }
        #expect(!flow_ticket_take(ticket).taken)
        #expect(flow_ticket_publish(ticket, 3) == 1)
        for piece in 0..<3 {
            let take = flow_ticket_take(ticket)
            #expect(take.taken && take.piece == UInt32(piece) && take.generation == 1)
        }
        for _ in 0..<100_000 { #expect(!flow_ticket_take(ticket).taken) }
        #expect(!flow_ticket_finish(ticket))
        #expect(!flow_ticket_finish(ticket))
        #expect(flow_ticket_finish(ticket))
        #expect(flow_ticket_publish(ticket, 0) == 2)
        #expect(!flow_ticket_take(ticket).taken)
        #expect(flow_ticket_generation(ticket) == 2)
    }

    @Test("holds as many pieces as it promises")
    func manyPieces() throws {
        let ticket = try #require(flow_ticket_create(2))
        defer { flow_ticket_destroy(ticket) }
        let count = Int(FLOW_TICKET_PIECES)
        flow_ticket_publish(ticket, UInt32(count))
        let taken = (0..<count + 1000).map { _ in flow_ticket_take(ticket) }.filter(\.taken)
        #expect(taken.map(\.piece) == (0..<UInt32(count)).map { $0 })
    }

    @Test("does not wait for a generation that has passed, nor once it is closed")
    func waiting() throws {
        let ticket = try #require(flow_ticket_create(2))
        defer { flow_ticket_destroy(ticket) }
        flow_ticket_publish(ticket, 1)
        #expect(flow_ticket_spin(ticket, 0, 0))
        flow_ticket_sleep(ticket, 0)
        #expect(!flow_ticket_spin(ticket, 1, 0))
        #expect(flow_ticket_take(ticket).taken)
        #expect(flow_ticket_finish(ticket))
        flow_ticket_publish(ticket, 0)
        flow_ticket_close(ticket)
        flow_ticket_sleep(ticket, 2)
        #expect(flow_ticket_take(ticket).closed)
    }

    /// What `flow_ticket_double` gives, and whose it is.
    private static func double(_ ticket: OpaquePointer, _ generation: UInt32) -> (take: flow_take, owner: UInt32) {
        var owner: UInt32 = 0
        let take = flow_ticket_double(ticket, generation, &owner)
        return (take, owner)
    }

    @Test("of two that compute a piece the first one counts", arguments: [false, true])
    func doubling(_ ownerIsFirst: Bool) throws {
        let ticket = try #require(flow_ticket_create(3))
        defer { flow_ticket_destroy(ticket) }
        #expect(flow_ticket_publish(ticket, 1) == 1)
        let piece = flow_ticket_take(ticket)
        // Nobody doubles what is not claimed, or belongs to another generation.
        #expect(!Self.double(ticket, 1).take.taken)
        flow_ticket_claim(ticket, 2, piece)
        #expect(!Self.double(ticket, 0).take.taken && !Self.double(ticket, 2).take.taken)
        let (late, owner) = Self.double(ticket, 1)
        #expect(late.taken && late.piece == piece.piece && late.generation == 1 && owner == 2)
        #expect(!Self.double(ticket, 1).take.taken)
        if ownerIsFirst {
            #expect(flow_ticket_confirm(ticket, 2))
            #expect(!flow_ticket_overtake(ticket, owner, late))
        } else {
            #expect(flow_ticket_overtake(ticket, owner, late))
            #expect(!flow_ticket_confirm(ticket, 2))
        }
        flow_ticket_settle(ticket, 0)
    }

    @Test("a claim that was confirmed is nobody's, and one of the next generation is not taken for it")
    func confirmation() throws {
        let ticket = try #require(flow_ticket_create(2))
        defer { flow_ticket_destroy(ticket) }
        flow_ticket_publish(ticket, 1)
        flow_ticket_claim(ticket, 0, flow_ticket_take(ticket))
        let (late, owner) = Self.double(ticket, 1)
        #expect(flow_ticket_confirm(ticket, 0))
        #expect(flow_ticket_finish(ticket))
        flow_ticket_publish(ticket, 1)
        flow_ticket_claim(ticket, 0, flow_ticket_take(ticket))
        #expect(!flow_ticket_overtake(ticket, owner, late))
        flow_ticket_settle(ticket, 0)
        #expect(flow_ticket_confirm(ticket, 0))
        #expect(!Self.double(ticket, 2).take.taken)
    }
}
