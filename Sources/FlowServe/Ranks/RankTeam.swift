// SPDX-License-Identifier: Apache-2.0
import CFlowKernels
import Glibc
package import LanguageModels
internal import LinuxKernel

/// The ranks of an instance: threads that run the pieces of one step after another.
///
/// A ticket gives out pieces to whoever is free; whoever finishes an operation's last piece publishes the next
/// operation, so nobody waits for an arrival. A rank without a piece spins for a moment, then sleeps: a team at rest
/// uses no processor time. One that waits for a piece of which its own would long be done computes it again, since the
/// other has probably lost its core; the first one that is ready counts. Rank 0 is the thread that calls `run`.
package final class RankTeam {
    /// How long a rank spins before it sleeps: longer than most operations of a step, shorter than a time slice.
    private static let spinMicroseconds: UInt32 = 50
    /// A rank is late when another has waited for it so many times as long as one of the other's pieces took, within bounds:
    /// where memory is shared by many ranks all their pieces take longer.
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
        shared = Shared(ticket: ticket)
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

        init(ticket: OpaquePointer) { self.ticket = ticket }

        deinit { flow_ticket_destroy(ticket) }

        /// Publishes the first operation and returns the generation of the rest that follows the last one.
        func begin(_ program: any StepProgram) -> UInt32 {
            self.program = program
            first = flow_ticket_generation(ticket) &+ 1
            let end = first &+ UInt32(program.operationCount)
            flow_ticket_publish(ticket, UInt32(program.pieceCount(ofOperation: 0)))
            return end
        }

        /// Takes pieces until the ticket reaches a generation at rest, or is closed.
        func work(rank: Int, until end: UInt32?) {
            flow_float_state_reset()
            var pace = PiecePace()
            while true {
                let take = flow_ticket_take(ticket)
                if take.taken {
                    pace.measure { compute(take, rank: rank) }
                } else if take.generation == end || take.closed {
                    return
                } else {
                    wait(take.generation, rank: rank, pace.lateMicroseconds)
                }
            }
        }

        /// Waits for the next generation, or does a piece for which the present one waits.
        private func wait(_ generation: UInt32, rank: Int, _ lateMicroseconds: UInt32) {
            guard !flow_ticket_spin(ticket, generation, lateMicroseconds) else { return }
            let late = flow_ticket_take_over(ticket, generation)
            if late.taken {
                compute(late, rank: rank)
            } else if !flow_ticket_spin(ticket, generation, RankTeam.spinMicroseconds) {
                flow_ticket_sleep(ticket, generation)
            }
        }

        private func compute(_ take: flow_take, rank: Int) {
            guard let program else { preconditionFailure("a piece was published without a program") }
            let (piece, operation) = (Int(take.piece), Int(take.generation &- first))
            if program.isDrafted(operation: operation) {
                flow_ticket_claim(ticket, UInt32(rank), take)
                program.runPiece(piece, ofOperation: operation, rank: rank)
                guard flow_ticket_confirm(ticket, UInt32(rank)) else { return }
                program.deliverPiece(piece, ofOperation: operation, rank: rank)
            } else {
                program.runPiece(piece, ofOperation: operation, rank: rank)
            }
            guard flow_ticket_finish(ticket) else { return }
            publish(operation + 1, of: program)
        }

        private func publish(_ operation: Int, of program: any StepProgram) {
            let pieces = operation < program.operationCount ? program.pieceCount(ofOperation: operation) : 0
            precondition(pieces > 0 || operation == program.operationCount, "an operation has no pieces")
            flow_ticket_publish(ticket, UInt32(pieces))
        }
    }

    /// How long a rank's pieces take, seen on a few of them: the clock costs a percent of a short one.
    private struct PiecePace {
        private static let sampling = 16

        private var last: UInt64 = 0
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
