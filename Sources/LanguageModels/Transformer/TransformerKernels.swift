// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// What a piece of each operation computes. Functions touch only the outputs of their own rows or panels.
extension TransformerForwardPass {
    /// The embedding of a row, its first norm, and the cosines and sines of its position.
    func embed(_ row: Int, _ input: StepInput) {
        withUnsafePointer(to: model.embedding) {
            flow_matrix_row($0, Int(input.tokens[row]), activations.residual[row])
        }
        norm(row, weight: model.layers[0].attentionNorm)
        withUnsafePointer(to: rotation.view) {
            flow_rotation_of($0, Int(input.positions[row]), activations.rotations[row])
        }
    }

    /// The residual of a row, normed.
    func norm(_ row: Int, weight: UnsafePointer<Float>) {
        flow_norm(
            activations.residual[row], weight, shape.hiddenSize, shape.normEpsilon, activations.normed.floats[row])
        activations.normed.quantise(row: row, 0..<shape.hiddenSize)
    }

    /// The residual of a sampled row, normed and moved to its place among the sampled rows.
    func outputNorm(_ index: Int, _ input: StepInput) {
        let row = Int(input.sampledRows[index])
        flow_norm(
            activations.residual[row], model.outputNorm, shape.hiddenSize, shape.normEpsilon,
            activations.sampled.floats[index])
        activations.sampled.quantise(row: index, 0..<shape.hiddenSize)
    }

    /// Panels of queries, keys and values, which lie behind each other in the operation's count.
    func project(_ panels: Range<Int>, _ rows: Range<Int>, _ weights: TransformerModel.Layer) {
        let queries = shape.headCount * shape.headSize
        let keys = shape.keyValueHeadCount * shape.headSize
        let afterQueries = Self.panels(queries)
        let afterKeys = afterQueries + Self.panels(keys)
        let biases = weights.refinement.biases
        part(panels, from: 0, width: queries, weights.query, biases?.query, rows, into: activations.queries)
        part(panels, from: afterQueries, width: keys, weights.key, biases?.key, rows, into: activations.keys)
        part(panels, from: afterKeys, width: keys, weights.value, biases?.value, rows, into: activations.values)
    }

    private func part(
        _ panels: Range<Int>, from start: Int, width: Int, _ matrix: flow_matrix,
        _ bias: UnsafePointer<Float>?, _ rows: Range<Int>, into target: ActivationRows
    ) {
        let own = panels.clamped(to: start..<start + Self.panels(width))
        guard !own.isEmpty else { return }
        let local = own.lowerBound - start..<own.upperBound - start
        product(matrix, local, activations.normed, rows, into: target, adding: false)
        guard let bias else { return }
        let first = local.lowerBound * 32
        let last = min(local.upperBound * 32, width)
        for row in rows { flow_add(target[row] + first, bias + first, last - first) }
    }

    /// Norms and rotates the row's queries and keys, and writes keys and values to the sequence's memory.
    func store(_ row: Int, layer: Int, _ input: StepInput) {
        let size = shape.headSize
        let norms = model.layers[layer].refinement.headNorms
        for head in 0..<shape.headCount {
            turn(activations.queries[row] + head * size, norm: norms?.query, angles: activations.rotations[row])
        }
        for head in 0..<shape.keyValueHeadCount {
            let key = activations.keys[row] + head * size
            turn(key, norm: norms?.key, angles: activations.rotations[row])
            var memory = attention(row, keyValueHead: head, layer: layer, input)
            flow_store(&memory, Int(input.positions[row]), key, activations.values[row] + head * size)
        }
    }

    /// Norms a head of queries or keys where the family does so, and rotates it.
    private func turn(
        _ head: UnsafeMutablePointer<Float>, norm: UnsafePointer<Float>?, angles: UnsafeMutablePointer<Float>
    ) {
        if let norm { flow_norm(head, norm, shape.headSize, shape.normEpsilon, head) }
        if model.rotatesHalves {
            flow_rotate_halves(head, angles, shape.ropeDimensions / 2)
        } else {
            flow_rotate(head, angles, shape.ropeDimensions / 2)
        }
    }

    /// Attention of all query heads that share the key-value heads, for a group of rows of one sequence.
    func attend(_ group: RowGroup, keyValueHeads: Range<Int>, layer: Int, _ input: StepInput) {
        for head in keyValueHeads { attend(group, keyValueHead: head, layer: layer, input) }
        let width = shape.headCount / shape.keyValueHeadCount * shape.headSize
        for row in Int(group.first)..<Int(group.first + group.count) {
            activations.attended.quantise(
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
                            lengths.initializeElement(at: query, to: Int(input.positions[row]) + 1)
                        }
                        flow_attend(
                            &memory, count, queries.baseAddress, lengths.baseAddress, outputs.baseAddress)
                        next += count
                    }
                }
            }
        }
    }

    /// Panels of gate and up, and the activation of their rows.
    func gateAndUp(_ panels: Range<Int>, _ rows: Range<Int>, _ weights: TransformerModel.Layer) {
        product(weights.gate, panels, activations.normed, rows, into: activations.gate.floats, adding: false)
        product(weights.up, panels, activations.normed, rows, into: activations.up, adding: false)
        let first = panels.lowerBound * 32
        let last = min(panels.upperBound * 32, shape.feedForwardSize)
        for row in rows {
            flow_swiglu(activations.gate.floats[row] + first, activations.up[row] + first, last - first)
            activations.gate.quantise(row: row, first..<last)
        }
    }

    /// target[row][panels' rows] = matrix * source[row], or added to it.
    func product(
        _ matrix: flow_matrix, _ panels: Range<Int>, _ source: Operand, _ rows: Range<Int>,
        into target: ActivationRows, adding: Bool
    ) {
        let first = rows.lowerBound
        withUnsafePointer(to: matrix) {
            if matrix.isQuantised {
                flow_quantised_product(
                    $0, panels.lowerBound, panels.upperBound, source.blocks[first], source.blocks.stride, rows.count,
                    target[first], target.stride, adding)
            } else {
                flow_matrix_product(
                    $0, panels.lowerBound, panels.upperBound, source.floats[first], source.floats.stride, rows.count,
                    target[first], target.stride, adding)
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
            scale: 1 / Float(shape.headSize).squareRoot())
    }
}
