// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// Queries, keys and values, and attention. Functions touch only the outputs of their own rows or panels.
extension TransformerForwardPass {
    /// Panels of queries, keys and values, which lie behind each other in the operation's count.
    func project(_ panels: Range<Int>, next: Int?, _ rows: Range<Int>, _ layer: TransformerLayer) {
        let queries = shape.headCount * shape.headSize
        let keys = shape.keyValueHeadCount * shape.headSize
        let afterQueries = Self.panels(queries)
        let afterKeys = afterQueries + Self.panels(keys)
        part(panels, next: next, from: 0, width: queries, layer.query, rows, into: activations.queries)
        part(panels, next: next, from: afterQueries, width: keys, layer.key, rows, into: activations.keys)
        part(panels, next: next, from: afterKeys, width: keys, layer.value, rows, into: activations.values)
    }

    private func part(
        _ panels: Range<Int>, next: Int?, from start: Int, width: Int, _ projection: Projection, _ rows: Range<Int>,
        into target: ActivationRows
    ) {
        let all = start..<start + Self.panels(width)
        let own = panels.clamped(to: all)
        guard !own.isEmpty else { return }
        let local = own.lowerBound - start..<own.upperBound - start
        let following = next.flatMap { all.contains($0) ? projection.matrix.panel($0 - start) : nil }
        product(
            projection, local, next: following, activations.normed, rows, width: width, into: target, adding: false)
    }

    /// Norms and rotates the row's queries and keys, and writes keys and values to the sequence's memory.
    func store(_ row: Int, layer index: Int, _ input: StepInput) {
        let size = shape.headSize
        let layer = model.layers[index]
        let angles = rotations.angles(ofRow: row, layer.rotation, in: activations)
        let queries = activations.queries[row]
        let keys = activations.keys[row]
        turn(queries, heads: shape.headCount, norm: layer.queryNorm, angles: angles)
        turn(keys, heads: shape.keyValueHeadCount, norm: layer.keyNorm, angles: angles)
        for head in 0..<shape.keyValueHeadCount {
            var memory = attention(row, keyValueHead: head, layer: index, input)
            flow_store(
                &memory, Int(input.positions[row]), keys + head * size, activations.values[row] + head * size)
        }
    }

    /// Norms the heads of a row's queries or keys where the family does so, and rotates them.
    private func turn(
        _ vectors: UnsafeMutablePointer<Float>, heads: Int, norm: UnsafePointer<Float>?,
        angles: UnsafeMutablePointer<Float>?
    ) {
        let size = shape.headSize
        if let norm, model.design.headNorms == .together {
            flow_norm(vectors, norm, heads * size, shape.normEpsilon, vectors)
        }
        for head in 0..<heads {
            let vector = vectors + head * size
            if let norm, model.design.headNorms == .each { flow_norm(vector, norm, size, shape.normEpsilon, vector) }
            guard let angles else { continue }
            if model.design.rotatesHalves {
                flow_rotate_halves(vector, angles, shape.ropeDimensions / 2)
            } else {
                flow_rotate(vector, angles, shape.ropeDimensions / 2)
            }
        }
    }

    /// Attention of all query heads that share the key-value heads, for a group of rows of one sequence.
    func attend(_ group: RowGroup, keyValueHeads: Range<Int>, layer: Int, _ input: StepInput) {
        for head in keyValueHeads { attend(group, keyValueHead: head, layer: layer, input) }
        let width = shape.headCount / shape.keyValueHeadCount * shape.headSize
        for row in Int(group.first)..<Int(group.first + group.count) {
            activations.attended.convert(
                row: row, keyValueHeads.lowerBound * width..<keyValueHeads.upperBound * width)
        }
    }

    private func attend(_ group: RowGroup, keyValueHead: Int, layer: Int, _ input: StepInput) {
        let size = shape.headSize
        let heads = shape.headCount / shape.keyValueHeadCount
        let firstHead = keyValueHead * heads
        let firstRow = Int(group.first)
        var memory = attention(firstRow, keyValueHead: keyValueHead, layer: layer, input)
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: queriesPerCall) { queries in
            withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<Float>?.self, capacity: queriesPerCall) { outputs in
                withUnsafeTemporaryAllocation(of: Int.self, capacity: queriesPerCall) { lengths in
                    let total = heads * Int(group.count)
                    var next = 0
                    while next < total {
                        let count = min(queriesPerCall, total - next)
                        for query in 0..<count {
                            let row = firstRow + (next + query) / heads
                            let offset = (firstHead + (next + query) % heads) * size
                            queries.initializeElement(at: query, to: UnsafePointer(activations.queries[row] + offset))
                            outputs.initializeElement(at: query, to: activations.attended.floats[row] + offset)
                            lengths.initializeElement(at: query, to: visibleCount(ofRow: row))
                        }
                        flow_attend(
                            &memory, count, queries.baseAddress, lengths.baseAddress, outputs.baseAddress)
                        next += count
                    }
                }
            }
        }
    }

    /// The key and value memory of the row's sequence for one head of one layer.
    private func attention(_ row: Int, keyValueHead: Int, layer: Int, _ input: StepInput) -> flow_attention {
        flow_attention(
            memory: keyValueMemory.assumingMemoryBound(to: UInt8.self),
            block_bytes: geometry.bytesPerBlock,
            head_offset: layer * geometry.bytesPerLayer + keyValueHead * geometry.bytesPerHead,
            blocks: input.blockTables[Int(input.sequences[row])],
            head_size: shape.headSize,
            scale: attentionScale,
            bound: shape.scaling.attentionBound,
            window: model.layers[layer].window,
            number: geometry.precision.kernelNumber)
    }
}

extension KVPrecision {
    fileprivate var kernelNumber: flow_number {
        switch self {
        case .half: FLOW_NUMBER_F16
        case .single: FLOW_NUMBER_F32
        case .bytes: FLOW_NUMBER_INT8
        }
    }
}
