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

    @Test("a piece that was taken over counts once, for the one that took it")
    func takingOver() throws {
        let ticket = try #require(flow_ticket_create(3))
        defer { flow_ticket_destroy(ticket) }
        #expect(flow_ticket_publish(ticket, 2) == 1)
        let (first, second) = (flow_ticket_take(ticket), flow_ticket_take(ticket))
        // Nobody can take over what is not claimed, or belongs to another generation.
        #expect(!flow_ticket_take_over(ticket, 1).taken)
        flow_ticket_claim(ticket, 2, first)
        #expect(!flow_ticket_take_over(ticket, 0).taken && !flow_ticket_take_over(ticket, 2).taken)
        let late = flow_ticket_take_over(ticket, 1)
        #expect(late.taken && late.piece == first.piece && late.generation == 1)
        #expect(!flow_ticket_take_over(ticket, 1).taken)
        flow_ticket_claim(ticket, 0, late)
        #expect(flow_ticket_confirm(ticket, 0))
        #expect(!flow_ticket_confirm(ticket, 2))
        flow_ticket_settle(ticket, 0)
        flow_ticket_claim(ticket, 1, second)
        #expect(flow_ticket_confirm(ticket, 1))
        #expect(!flow_ticket_take_over(ticket, 1).taken)
    }

    @Test("who took a piece over may be late too")
    func takingOverTwice() throws {
        let ticket = try #require(flow_ticket_create(2))
        defer { flow_ticket_destroy(ticket) }
        flow_ticket_publish(ticket, 1)
        flow_ticket_claim(ticket, 0, flow_ticket_take(ticket))
        flow_ticket_claim(ticket, 1, flow_ticket_take_over(ticket, 1))
        #expect(!flow_ticket_confirm(ticket, 0))
        flow_ticket_claim(ticket, 0, flow_ticket_take_over(ticket, 1))
        #expect(!flow_ticket_confirm(ticket, 1))
        #expect(flow_ticket_confirm(ticket, 0))
        flow_ticket_settle(ticket, 0)
    }
}
