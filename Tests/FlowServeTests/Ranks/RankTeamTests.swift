// SPDX-License-Identifier: Apache-2.0
import FlowServe
import LanguageModels
import Synchronization
import Testing

@Suite("RankTeam")
struct RankTeamTests {
    /// How often each piece of one operation was computed.
    private final class PieceCounts: Sendable {
        private let counts: Mutex<[Int]>

        init(_ count: Int) { counts = Mutex(Array(repeating: 0, count: count)) }

        var allAreOne: Bool { counts.withLock { $0.allSatisfy { $0 == 1 } } }

        func add(_ times: Int, to piece: Int) { counts.withLock { $0[piece] += times } }
    }

    /// A program that counts its pieces and notes any that began before the operation ahead was done.
    private final class CountingProgram: StepProgram, @unchecked Sendable {
        let pieces: [Int]
        let work: Int
        let done: [PieceCounts]
        let early = Atomic<Int>(0)

        init(pieces: [Int], work: Int = 0) {
            self.pieces = pieces
            self.work = work
            done = pieces.map(PieceCounts.init)
        }

        var operationCount: Int { pieces.count }

        func pieceCount(ofOperation operation: Int) -> Int { pieces[operation] }

        func runPiece(_ piece: Int, ofOperation operation: Int, rank: Int) {
            if operation > 0, !done[operation - 1].allAreOne {
                early.add(1, ordering: .relaxed)
            }
            var number = piece
            for round in 0..<work { number = number &* 31 &+ round }
            done[operation].add(number == Int.min ? 2 : 1, to: piece)
        }

        var isComplete: Bool { done.allSatisfy(\.allAreOne) }
    }

    @Test("runs each piece once, and no operation before the one ahead of it is done", arguments: [1, 2, 3, 6])
    func everyPieceOnce(_ ranks: Int) throws {
        let team = try RankTeam(rankCount: ranks)
        defer { team.stop() }
        for step in 0..<200 {
            let program = CountingProgram(pieces: (0..<20).map { 1 + ($0 * 7 + step) % 9 })
            team.run(program)
            #expect(program.isComplete)
            #expect(program.early.load(ordering: .relaxed) == 0)
        }
    }

    @Test("goes on when ranks fell asleep during a long serial operation")
    func sleepers() throws {
        let team = try RankTeam(rankCount: 4)
        defer { team.stop() }
        for _ in 0..<10 {
            // Far longer than the ranks spin.
            let program = CountingProgram(pieces: [1, 8, 1, 8, 1], work: 50_000)
            team.run(program)
            #expect(program.isComplete)
            #expect(program.early.load(ordering: .relaxed) == 0)
        }
    }

    @Test("runs an empty program without doing anything")
    func emptyProgram() throws {
        let team = try RankTeam(rankCount: 2)
        team.run(CountingProgram(pieces: []))
        team.stop()
    }

    @Test("is made and ended many times")
    func startAndStop() throws {
        for _ in 0..<50 {
            let team = try RankTeam(rankCount: 3)
            team.stop()
        }
    }

    @Test("refuses a number of ranks that no machine has", arguments: [0, -1, 1025])
    func refusals(_ count: Int) {
        #expect(throws: ModelRunnerError.rankCount(count)) { _ = try RankTeam(rankCount: count) }
    }
}
