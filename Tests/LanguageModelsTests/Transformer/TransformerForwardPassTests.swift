// SPDX-License-Identifier: Apache-2.0
import Artefacts
import LanguageModels
import TestSupport
import Testing

@Suite("TransformerForwardPass")
struct TransformerForwardPassTests {
    /// A forward pass of one sequence of rows, over memory of its own.
    private final class Step {
        let forward: any ForwardPass
        private let model: TinyModel
        private let memory: UnsafeMutableRawBufferPointer
        private let numbers: UnsafeMutableBufferPointer<Int32>
        private let tables: UnsafeMutablePointer<UnsafePointer<Int32>>

        init(_ model: TinyModel, rows: Int, sampled: Int, ranks: Int = 1) throws {
            self.model = model
            let geometry = KVLayout(configuration: model.configuration)
            memory = .allocate(byteCount: geometry.bytesPerBlock * 16, alignment: 64)
            forward = try LanguageModel.forwardPass(
                of: model.artefact, maxStepTokens: rows, keyValueMemory: try #require(memory.baseAddress))
            forward.rankCount = ranks
            numbers = .allocate(capacity: 4 * rows + 16)
            tables = .allocate(capacity: 1)
            let start = try #require(numbers.baseAddress)
            for row in 0..<rows {
                start[row] = Int32(row * 37 % model.configuration.vocabularySize)
                start[rows + row] = Int32(row)
                start[2 * rows + row] = 0
                start[3 * rows + row] = Int32(rows - sampled + row)
            }
            for block in 0..<16 { start[4 * rows + block] = Int32(15 - block) }
            tables[0] = UnsafePointer(start + 4 * rows)
            forward.prepare(
                StepInput(
                    tokenCount: rows, sampledCount: sampled, pooledCount: 0, tokenIDs: start, positions: start + rows,
                    sequences: start + 2 * rows, blockTables: tables, sampledTokens: start + 3 * rows,
                    pooledTokens: start + 3 * rows))
        }

        deinit {
            memory.deallocate()
            numbers.deallocate()
            tables.deallocate()
        }

        func run(backwards: Bool = false) {
            for operation in 0..<forward.operationCount {
                let tiles = 0..<forward.tileCount(ofOperation: operation)
                if backwards {
                    for tile in tiles.reversed() { forward.completeTile(tile, ofOperation: operation, rank: 0) }
                } else {
                    for tile in tiles { forward.completeTile(tile, ofOperation: operation, rank: 0) }
                }
            }
        }

        func bits(_ sampled: Int) -> [UInt32] { forward.logits(ofSampled: sampled).map(\.bitPattern) }
    }

    @Test("gives the same bits whichever order the tiles run in, and however finely they are cut")
    func tileOrder() throws {
        let model = try TinyModel()
        let forwards = try Step(model, rows: 100, sampled: 3)
        forwards.run()
        for ranks in [1, 2, 16] {
            let backwards = try Step(model, rows: 100, sampled: 3, ranks: ranks)
            backwards.run(backwards: true)
            for sampled in 0..<3 { #expect(backwards.bits(sampled) == forwards.bits(sampled)) }
        }
    }

    @Test("ends after the last layer's keys and values when no logits are wanted")
    func withoutLogits() throws {
        let model = try TinyModel()
        let with = try Step(model, rows: 10, sampled: 1)
        let without = try Step(model, rows: 10, sampled: 0)
        #expect(with.forward.operationCount == 1 + 3 * 8 + 1)
        #expect(without.forward.operationCount == 1 + 2 * 8 + 2)
        without.run()
    }

    @Test("has between one and 32,767 tiles in every operation", arguments: [1, 9, 500])
    func tileCounts(_ rows: Int) throws {
        let step = try Step(try TinyModel(), rows: rows, sampled: 1, ranks: 1024)
        for operation in 0..<step.forward.operationCount {
            #expect((1...TileGrid.maxTiles).contains(step.forward.tileCount(ofOperation: operation)))
        }
    }
}
