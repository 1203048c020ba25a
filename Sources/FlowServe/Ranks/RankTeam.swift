// SPDX-License-Identifier: Apache-2.0
import CFlowKernels
import Glibc
package import LanguageModels
internal import LinuxKernel

/// The ranks of an instance: threads that run the tiles of one step after another.
///
/// A work queue gives out tiles to whoever is free; whoever finishes an operation's last tile publishes the next
/// operation, so nobody waits for an arrival. A rank without a tile spins for a moment, then sleeps: a team at rest
/// uses no processor time. One that waits for longer than a tile takes computes the missing one too, since the other
/// has probably lost its core; the first one that is ready counts. Rank 0 is the thread that calls `run`.
package final class RankTeam {
    /// How long a rank spins before it sleeps: longer than most operations of a step, shorter than a time slice.
    private static let spinMicroseconds: UInt32 = 50
    /// A rank is late when another has waited for it so many times as long as its own tiles take, within bounds.
    private static let lateFactor: UInt64 = 2
    private static let lateMicroseconds: ClosedRange<UInt64> = 20...200

    /// Number of ranks, the caller's among them.
    package let rankCount: Int
    private let shared: Shared
    private var threads: [PosixThread] = []

    /// Starts a team of 1 to 1,024 ranks; `rankCount - 1` threads begin, and sleep.
    package init(rankCount: Int) throws(ModelRunnerError) {
        guard (1...Int(FLOW_WORK_QUEUE_RANKS)).contains(rankCount) else { throw .rankCount(rankCount) }
        guard let queue = flow_work_queue_create(UInt32(rankCount)) else {
            throw .workspace(bytes: 512, errno: ENOMEM)
        }
        self.rankCount = rankCount
        shared = Shared(queue: queue, rankCount: rankCount)
        for rank in 1..<rankCount {
            let shared = shared
            do throws(SystemCallError) {
                threads.append(
                    try PosixThread(stackBytes: PosixThread.smallStack) { shared.work(rank: rank, until: nil) })
            } catch {
                stop()
                throw .thread(rank: rank, errno: error.code)
            }
        }
    }

    deinit { stop() }

    /// Runs all operations of a program, the caller taking tiles as rank 0. One call at a time, from any one thread.
    package func run(_ program: any StepProgram) {
        guard program.operationCount > 0 else { return }
        shared.work(rank: 0, until: shared.begin(program))
        flow_work_queue_quiesce(shared.queue, Self.spinMicroseconds)
        shared.program = nil
    }

    /// How far the ranks have come, readable while they compute.
    package var progress: RankProgress { RankProgress(shared) }

    /// Ends the threads and waits for them. The team runs nothing after this.
    package func stop() {
        guard !threads.isEmpty else { return }
        flow_work_queue_close(shared.queue)
        for thread in threads { thread.join() }
        threads = []
    }

    /// What the threads see. `program` and `first` are written at rest and read only by ranks that took a tile, which
    /// the queue orders after the writing.
    fileprivate final class Shared: @unchecked Sendable {
        let queue: OpaquePointer
        /// Kept by whoever called `run`; ranks that counted references to it would wait for each other with every tile.
        unowned(unsafe) var program: (any StepProgram)?
        private var first: UInt32 = 0
        private let paces: UnsafeMutablePointer<TilePace>  // [ranks], each its own rank's

        init(queue: OpaquePointer, rankCount: Int) {
            self.queue = queue
            paces = .allocate(capacity: rankCount)
            paces.initialize(repeating: TilePace(), count: rankCount)
        }

        deinit {
            paces.deallocate()
            flow_work_queue_destroy(queue)
        }

        /// Publishes the first operation and returns the generation of the rest that follows the last one.
        func begin(_ program: any StepProgram) -> UInt32 {
            self.program = program
            first = flow_work_queue_generation(queue) &+ 1
            let end = first &+ UInt32(program.operationCount)
            publish(0, of: program)
            return end
        }

        /// Takes tiles until the queue reaches a generation at rest, or is closed.
        func work(rank: Int, until end: UInt32?) {
            flow_float_state_reset()
            while true {
                let take = flow_work_queue_take(queue)
                if take.taken {
                    compute(take, rank: rank)
                } else if take.generation == end || take.closed {
                    return
                } else {
                    wait(take.generation, rank: rank)
                }
            }
        }

        /// Waits for the next generation, or computes a tile for which the present one waits.
        private func wait(_ generation: UInt32, rank: Int) {
            guard !flow_work_queue_spin(queue, generation, paces[rank].lateMicroseconds) else { return }
            var owner: UInt32 = 0
            let late = flow_work_queue_back_up(queue, generation, &owner)
            if late.taken {
                computeBackedUp(late, rank: rank) { flow_work_queue_confirm_backup(queue, owner, late) }
            } else if !flow_work_queue_spin(queue, generation, RankTeam.spinMicroseconds) {
                flow_work_queue_sleep(queue, generation)
            }
        }

        private func compute(_ take: flow_take, rank: Int) {
            let program = presentProgram
            let operation = Int(take.generation &- first)
            if program.allowsBackup(operation: operation) {
                flow_work_queue_claim(queue, UInt32(rank), take)
                computeBackedUp(take, rank: rank) { flow_work_queue_confirm(queue, UInt32(rank)) }
            } else {
                program.runTile(Int(take.tile), ofOperation: operation, rank: rank)
                finish(operation, of: program)
            }
        }

        /// Computes a tile into the buffer of this rank, and delivers it where this rank is the first to have it.
        private func computeBackedUp(_ take: flow_take, rank: Int, isFirst: () -> Bool) {
            let program = presentProgram
            let (tile, operation) = (Int(take.tile), Int(take.generation &- first))
            paces[rank].measure { program.runTile(tile, ofOperation: operation, rank: rank) }
            guard isFirst() else { return }
            program.deliverTile(tile, ofOperation: operation, rank: rank)
            finish(operation, of: program)
        }

        private var presentProgram: any StepProgram {
            guard let program else { preconditionFailure("a tile was published without a program") }
            return program
        }

        /// A tile is done; behind an operation's last one comes the next operation.
        private func finish(_ operation: Int, of program: any StepProgram) {
            if flow_work_queue_finish(queue) { publish(operation + 1, of: program) }
        }

        private func publish(_ operation: Int, of program: any StepProgram) {
            let tiles = operation < program.operationCount ? program.tileCount(ofOperation: operation) : 0
            precondition(tiles > 0 || operation == program.operationCount, "an operation has no tiles")
            flow_work_queue_publish(queue, UInt32(tiles))
        }
    }

    /// How long the tiles of a rank take that can be backed up, measured on a few of them: reading the clock costs a
    /// percent of a short one.
    private struct TilePace {
        private static let sampling = 16

        /// Nothing is late before something was measured.
        private var last: UInt64 = .max / RankTeam.lateFactor
        private var count = 0

        /// How long a rank waits before it counts others as late.
        var lateMicroseconds: UInt32 {
            let bounds = RankTeam.lateMicroseconds
            return UInt32(min(max(last * RankTeam.lateFactor / 1000, bounds.lowerBound), bounds.upperBound))
        }

        mutating func measure(_ tile: () -> Void) {
            count += 1
            guard count % Self.sampling == 0 else { return tile() }
            let begun = MonotonicTime.now
            tile()
            last = MonotonicTime.now.nanoseconds &- begun.nanoseconds
        }
    }
}

/// What a thread that is none of the ranks can see of the queue of a team. Valid as long as anybody keeps it.
package struct RankProgress: Sendable {
    private let shared: RankTeam.Shared

    fileprivate init(_ shared: RankTeam.Shared) { self.shared = shared }

    /// Changes with every tile that a rank takes: some hundred KiB of weights for all tokens of a step, so less than a
    /// tenth of a second of one rank's time for any model.
    package var value: UInt64 { flow_work_queue_progress(shared.queue) }
}
