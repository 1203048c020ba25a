// SPDX-License-Identifier: Apache-2.0
import CFlowKernels
import Glibc
package import LanguageModels
internal import LinuxKernel

/// The ranks of an instance: threads that run the pieces of one step after another.
///
/// A ticket gives out pieces to whoever is free; whoever finishes an operation's last piece publishes the next
/// operation, so nobody waits for an arrival. A rank without a piece spins for a moment, then sleeps: a team at rest
/// uses no processor time. One that waits for longer than a piece takes computes the missing one too, since the other has
/// probably lost its core; the first one that is ready counts. Rank 0 is the thread that calls `run`.
package final class RankTeam {
    /// How long a rank spins before it sleeps: longer than most operations of a step, shorter than a time slice.
    private static let spinMicroseconds: UInt32 = 50
    /// A rank is late when another has waited for it so many times as long as its own pieces take, within bounds.
    private static let patience: UInt64 = 2
    private static let lateMicroseconds: ClosedRange<UInt64> = 20...200

    /// Number of ranks, the caller's among them.
    package let rankCount: Int
    private let shared: Shared
    private var threads: [RankThread] = []

    /// Starts a team of 1 to 1,024 ranks; `rankCount - 1` threads begin, and sleep.
    package init(rankCount: Int) throws(ModelRunnerError) {
        guard (1...Int(FLOW_TICKET_RANKS)).contains(rankCount) else { throw .rankCount(rankCount) }
        guard let ticket = flow_ticket_create(UInt32(rankCount)) else {
            throw .workspace(bytes: 512, errno: ENOMEM)
        }
        self.rankCount = rankCount
        shared = Shared(ticket: ticket, rankCount: rankCount)
        for rank in 1..<rankCount {
            let shared = shared
            do throws(ModelRunnerError) {
                threads.append(try RankThread(rank: rank) { shared.work(rank: rank, until: nil) })
            } catch {
                stop()
                throw error
            }
        }
    }

    deinit { stop() }

    /// Runs all operations of a program, the caller taking pieces as rank 0. One call at a time, from any one thread.
    package func run(_ program: any StepProgram) {
        guard program.operationCount > 0 else { return }
        shared.work(rank: 0, until: shared.begin(program))
        flow_ticket_settle(shared.ticket, Self.spinMicroseconds)
        shared.program = nil
    }

    /// How far the ranks have come, readable while they compute.
    package var progress: RankProgress { RankProgress(shared) }

    /// Ends the threads and waits for them. The team runs nothing after this.
    package func stop() {
        guard !threads.isEmpty else { return }
        flow_ticket_close(shared.ticket)
        for thread in threads { thread.join() }
        threads = []
    }

    /// What the threads see. `program` and `first` are written at rest and read only by ranks that took a piece, which
    /// the ticket orders after the writing.
    fileprivate final class Shared: @unchecked Sendable {
        let ticket: OpaquePointer
        var program: (any StepProgram)?
        private var first: UInt32 = 0
        private let paces: UnsafeMutablePointer<PiecePace>  // [ranks], each its own rank's

        init(ticket: OpaquePointer, rankCount: Int) {
            self.ticket = ticket
            paces = .allocate(capacity: rankCount)
            paces.initialize(repeating: PiecePace(), count: rankCount)
        }

        deinit {
            paces.deallocate()
            flow_ticket_destroy(ticket)
        }

        /// Publishes the first operation and returns the generation of the rest that follows the last one.
        func begin(_ program: any StepProgram) -> UInt32 {
            self.program = program
            first = flow_ticket_generation(ticket) &+ 1
            let end = first &+ UInt32(program.operationCount)
            publish(0, of: program)
            return end
        }

        /// Takes pieces until the ticket reaches a generation at rest, or is closed.
        func work(rank: Int, until end: UInt32?) {
            flow_float_state_reset()
            while true {
                let take = flow_ticket_take(ticket)
                if take.taken {
                    compute(take, rank: rank)
                } else if take.generation == end || take.closed {
                    return
                } else {
                    wait(take.generation, rank: rank)
                }
            }
        }

        /// Waits for the next generation, or computes a piece for which the present one waits.
        private func wait(_ generation: UInt32, rank: Int) {
            guard !flow_ticket_spin(ticket, generation, paces[rank].lateMicroseconds) else { return }
            var owner: UInt32 = 0
            let late = flow_ticket_double(ticket, generation, &owner)
            if late.taken {
                draft(late, rank: rank) { flow_ticket_overtake(ticket, owner, late) }
            } else if !flow_ticket_spin(ticket, generation, RankTeam.spinMicroseconds) {
                flow_ticket_sleep(ticket, generation)
            }
        }

        private func compute(_ take: flow_take, rank: Int) {
            let program = presentProgram
            let operation = Int(take.generation &- first)
            if program.isDrafted(operation: operation) {
                flow_ticket_claim(ticket, UInt32(rank), take)
                draft(take, rank: rank) { flow_ticket_confirm(ticket, UInt32(rank)) }
            } else {
                program.runPiece(Int(take.piece), ofOperation: operation, rank: rank)
                finish(operation, of: program)
            }
        }

        /// Computes a draft, and hands it out where it is the first one.
        private func draft(_ take: flow_take, rank: Int, isFirst: () -> Bool) {
            let program = presentProgram
            let (piece, operation) = (Int(take.piece), Int(take.generation &- first))
            paces[rank].measure { program.runPiece(piece, ofOperation: operation, rank: rank) }
            guard isFirst() else { return }
            program.deliverPiece(piece, ofOperation: operation, rank: rank)
            finish(operation, of: program)
        }

        private var presentProgram: any StepProgram {
            guard let program else { preconditionFailure("a piece was published without a program") }
            return program
        }

        /// A piece is done; behind an operation's last one comes the next operation.
        private func finish(_ operation: Int, of program: any StepProgram) {
            if flow_ticket_finish(ticket) { publish(operation + 1, of: program) }
        }

        private func publish(_ operation: Int, of program: any StepProgram) {
            let pieces = operation < program.operationCount ? program.pieceCount(ofOperation: operation) : 0
            precondition(pieces > 0 || operation == program.operationCount, "an operation has no pieces")
            flow_ticket_publish(ticket, UInt32(pieces))
        }
    }

    /// How long a rank's drafts take, seen on a few of them: the clock costs a percent of a short one.
    private struct PiecePace {
        private static let sampling = 16

        /// Nothing is late before something was measured.
        private var last: UInt64 = .max / RankTeam.patience
        private var count = 0

        /// How long a rank waits before it counts others as late.
        var lateMicroseconds: UInt32 {
            let bounds = RankTeam.lateMicroseconds
            return UInt32(min(max(last * RankTeam.patience / 1000, bounds.lowerBound), bounds.upperBound))
        }

        mutating func measure(_ piece: () -> Void) {
            count += 1
            guard count % Self.sampling == 0 else { return piece() }
            let begun = MonotonicTime.now
            piece()
            last = MonotonicTime.now.nanoseconds &- begun.nanoseconds
        }
    }
}

/// A look at a team's ticket from a thread that is none of its ranks. Valid as long as anybody keeps it.
package struct RankProgress: Sendable {
    private let shared: RankTeam.Shared

    fileprivate init(_ shared: RankTeam.Shared) { self.shared = shared }

    /// Changes with every piece that a rank takes: some hundred KiB of weights for all rows of a step, so less than a
    /// tenth of a second of one rank's time for any model.
    package var value: UInt64 { flow_ticket_progress(shared.ticket) }
}
