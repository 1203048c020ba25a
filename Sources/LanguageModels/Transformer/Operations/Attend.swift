// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// Attention: a tile is some heads of keys and values, with all query heads that share them, for some groups of tokens.
struct Attend: TransformerOperation {
    let layer: Int
    let window: Int

    func cut(in step: TransformerStep) -> Int {
        groupTiles(in: step) * (step.attention.keyValueHeadCount / step.attention.keyValueHeadsPerTile)
    }

    func run(_ tile: Int, in step: TransformerStep, rank: Int) {
        let attention = step.attention
        let groupTiles = groupTiles(in: step)
        let groupsPerTile = attention.groupsPerTile(of: step.groups.count)
        let firstHead = tile / groupTiles * attention.keyValueHeadsPerTile
        let firstGroup = tile % groupTiles * groupsPerTile
        for group in firstGroup..<min(firstGroup + groupsPerTile, step.groups.count) {
            attend(step.groups[group], heads: firstHead..<firstHead + attention.keyValueHeadsPerTile, in: step)
        }
    }

    /// Outputs go straight to the operand of the next matrix: there is no buffer that holds them in all its forms.
    var usesBuffers: Bool { false }
    func deliver(_ tile: Int, in step: TransformerStep, rank: Int) {}

    private func groupTiles(in step: TransformerStep) -> Int {
        let groupsPerTile = step.attention.groupsPerTile(of: step.groups.count)
        return (step.groups.count + groupsPerTile - 1) / groupsPerTile
    }

    private func attend(_ tokens: Range<Int>, heads: Range<Int>, in step: TransformerStep) {
        for head in heads { attend(tokens, head: head, in: step) }
        let width = step.attention.queriesPerKeyValueHead * step.attention.headSize
        for token in tokens {
            step.activations.attended.convert(row: token, heads.lowerBound * width..<heads.upperBound * width)
        }
    }

    private func attend(_ tokens: Range<Int>, head: Int, in step: TransformerStep) {
        let (attention, activations) = (step.attention, step.activations)
        let (size, shared) = (attention.headSize, attention.queriesPerKeyValueHead)
        let capacity = attention.queriesPerCall
        var memory = step.keysAndValues(ofToken: tokens.lowerBound, head: head, layer: layer, window: window)
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: capacity) { queries in
            withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<Float>?.self, capacity: capacity) { outputs in
                withUnsafeTemporaryAllocation(of: Int.self, capacity: capacity) { lengths in
                    var next = 0
                    while next < shared * tokens.count {
                        let count = min(capacity, shared * tokens.count - next)
                        for query in 0..<count {
                            let token = tokens.lowerBound + (next + query) / shared
                            let offset = (head * shared + (next + query) % shared) * size
                            queries.initializeElement(at: query, to: UnsafePointer(activations.queries[token] + offset))
                            outputs.initializeElement(at: query, to: activations.attended.floats[token] + offset)
                            lengths.initializeElement(at: query, to: step.groups.visibleCount(ofToken: token))
                        }
                        flow_attend(&memory, count, queries.baseAddress, lengths.baseAddress, outputs.baseAddress)
                        next += count
                    }
                }
            }
        }
    }
}
