// SPDX-License-Identifier: Apache-2.0
import Dispatch
import FlowServe
import LanguageModels
import Synchronization
import Testing

@Suite("RankTeam")
struct RankTeamTests {
    /// How often each tile of one operation was computed.
    private final class TileCounts: Sendable {
        private let counts: Mutex<[Int]>

        init(_ count: Int) { counts = Mutex(Array(repeating: 0, count: count)) }

        var allAreOne: Bool { counts.withLock { $0.allSatisfy { $0 == 1 } } }

        func add(_ times: Int, to tile: Int) { counts.withLock { $0[tile] += times } }
    }

    /// A program that counts its tiles and notes any that began before the operation ahead was done.
    private final class CountingProgram: StepProgram, @unchecked Sendable {
        let tiles: [Int]
        let work: Int
        let done: [TileCounts]
        let early = Atomic<Int>(0)

        init(tiles: [Int], work: Int = 0) {
            self.tiles = tiles
            self.work = work
            done = tiles.map(TileCounts.init)
        }

        var operationCount: Int { tiles.count }

        func tileCount(ofOperation operation: Int) -> Int { tiles[operation] }

        func runTile(_ tile: Int, ofOperation operation: Int, rank: Int) {
            if operation > 0, !done[operation - 1].allAreOne {
                early.add(1, ordering: .relaxed)
            }
            var number = tile
            for round in 0..<work { number = number &* 31 &+ round }
            done[operation].add(number == Int.min ? 2 : 1, to: tile)
        }

        var isComplete: Bool { done.allSatisfy(\.allAreOne) }
    }

    @Test("runs each tile once, and no operation before the one ahead of it is done", arguments: [1, 2, 3, 6])
    func everyTileOnce(_ ranks: Int) throws {
        let team = try RankTeam(rankCount: ranks)
        defer { team.stop() }
        for step in 0..<200 {
            let program = CountingProgram(tiles: (0..<20).map { 1 + ($0 * 7 + step) % 9 })
            team.run(program)
            #expect(program.isComplete)
            #expect(program.early.load(ordering: .relaxed) == 0)
        }
    }

    /// Tiles with backup execution, of which the first run of each operation's first tile hangs until somebody else has
    /// done it.
    private final class HangingProgram: StepProgram, @unchecked Sendable {
        let operationCount: Int
        let delivered: [TileCounts]
        let hanging = Mutex<Set<Int>>([])
        let rescues = Atomic<Int>(0)
        private let rescued: [DispatchSemaphore]

        init(operations: Int) {
            operationCount = operations
            delivered = (0..<operations).map { _ in TileCounts(4) }
            rescued = (0..<operations).map { _ in DispatchSemaphore(value: 0) }
        }

        func tileCount(ofOperation operation: Int) -> Int { 4 }

        func allowsBackup(operation: Int) -> Bool { true }

        func runTile(_ tile: Int, ofOperation operation: Int, rank: Int) {
            guard tile == 0, hanging.withLock({ $0.insert(operation).inserted }) else { return }
            // In vain where the others fell asleep before this one had claimed its tile.
            if rescued[operation].wait(timeout: .now() + 1) == .success { rescues.add(1, ordering: .relaxed) }
        }

        func deliverTile(_ tile: Int, ofOperation operation: Int, rank: Int) {
            delivered[operation].add(1, to: tile)
            if tile == 0 { rescued[operation].signal() }
        }
    }

    @Test(
        "a rank that hangs in a tile that can be backed up holds nobody up, and its result is dropped",
        arguments: [2, 3])
    func lateRank(_ ranks: Int) throws {
        let team = try RankTeam(rankCount: ranks)
        defer { team.stop() }
        let program = HangingProgram(operations: 12)
        team.run(program)
        #expect(program.delivered.allSatisfy { $0.allAreOne })
        let hanging = program.hanging.withLock { $0 }
        #expect(hanging.count == 12)
        #expect(program.rescues.load(ordering: .relaxed) > 0)
    }

    @Test("goes on when ranks fell asleep during a long serial operation")
    func sleepers() throws {
        let team = try RankTeam(rankCount: 4)
        defer { team.stop() }
        for _ in 0..<10 {
            // Far longer than the ranks spin.
            let program = CountingProgram(tiles: [1, 8, 1, 8, 1], work: 50_000)
            team.run(program)
            #expect(program.isComplete)
            #expect(program.early.load(ordering: .relaxed) == 0)
        }
    }

    @Test("runs an empty program without doing anything")
    func emptyProgram() throws {
        let team = try RankTeam(rankCount: 2)
        team.run(CountingProgram(tiles: []))
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
