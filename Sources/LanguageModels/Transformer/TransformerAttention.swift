// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// Queries, keys and values, and attention. Functions touch only the outputs of their own tokens or panels.
extension TransformerForwardPass {
    /// Panels of queries, keys and values, which lie behind each other in the operation's count.
    func project(
        _ panels: Range<Int>, next: Int?, _ tokens: Range<Int>, _ layer: TransformerLayer, _ buffer: TileBuffer?
    ) {
        project(panels, next: next, tokens, layer.query, to: projectedQueries, buffer)
        project(panels, next: next, tokens, layer.key, to: projectedKeys, buffer)
        project(panels, next: next, tokens, layer.value, to: projectedValues, buffer)
    }

    private func project(
        _ panels: Range<Int>, next: Int?, _ tokens: Range<Int>, _ projection: Projection, to part: ProjectedPart,
        _ buffer: TileBuffer?
    ) {
        let own = panels.clamped(to: part.panels)
        guard !own.isEmpty else { return }
        let first = part.panels.lowerBound
        let following = next.flatMap { part.panels.contains($0) ? projection.matrix.panel($0 - first) : nil }
        product(
            projection, own.lowerBound - first..<own.upperBound - first, next: following, activations.normed, tokens,
            width: part.width, into: buffer?.outputs(firstPanel: first) ?? part.target, adding: false)
    }

    /// Queries, keys or values among the panels of `project`.
    struct ProjectedPart {
        let panels: Range<Int>
        let width: Int
        let target: ActivationRows
    }

    var projectedQueries: ProjectedPart {
        part(behind: 0, width: shape.headCount * shape.headSize, activations.queries)
    }
    var projectedKeys: ProjectedPart {
        part(
            behind: projectedQueries.panels.upperBound, width: shape.keyValueHeadCount * shape.headSize,
            activations.keys)
    }
    var projectedValues: ProjectedPart {
        part(
            behind: projectedKeys.panels.upperBound, width: shape.keyValueHeadCount * shape.headSize,
            activations.values)
    }

    private func part(behind first: Int, width: Int, _ target: ActivationRows) -> ProjectedPart {
        ProjectedPart(panels: first..<first + Self.panels(width), width: width, target: target)
    }

    /// Norms and rotates the token's queries and keys, and writes keys and values to the sequence's memory.
    func store(_ token: Int, layer index: Int, _ input: StepInput) {
        let size = shape.headSize
        let layer = model.layers[index]
        let angles = rope.angles(ofToken: token, layer.rope, in: activations)
        let queries = activations.queries[token]
        let keys = activations.keys[token]
        normAndRotate(queries, heads: shape.headCount, norm: layer.queryNorm, angles: angles)
        normAndRotate(keys, heads: shape.keyValueHeadCount, norm: layer.keyNorm, angles: angles)
        for head in 0..<shape.keyValueHeadCount {
            var memory = attention(token, keyValueHead: head, layer: index, input)
            flow_store(
                &memory, Int(input.positions[token]), keys + head * size, activations.values[token] + head * size)
        }
    }

    /// Norms the heads of a token's queries or keys where the family does so, and rotates them.
    private func normAndRotate(
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
                flow_rope_halves(vector, angles, shape.ropeDimensions / 2)
            } else {
                flow_rope_adjacent(vector, angles, shape.ropeDimensions / 2)
            }
        }
    }

    /// Attention of all query heads that share the key-value heads, for a group of tokens of one sequence.
    func attend(_ group: TokenGroup, keyValueHeads: Range<Int>, layer: Int, _ input: StepInput) {
        for head in keyValueHeads { attend(group, keyValueHead: head, layer: layer, input) }
        let width = shape.headCount / shape.keyValueHeadCount * shape.headSize
        for token in Int(group.first)..<Int(group.first + group.count) {
            activations.attended.convert(
                row: token, keyValueHeads.lowerBound * width..<keyValueHeads.upperBound * width)
        }
    }

    private func attend(_ group: TokenGroup, keyValueHead: Int, layer: Int, _ input: StepInput) {
        let size = shape.headSize
        let heads = shape.headCount / shape.keyValueHeadCount
        let firstHead = keyValueHead * heads
        let firstToken = Int(group.first)
        var memory = attention(firstToken, keyValueHead: keyValueHead, layer: layer, input)
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: queriesPerCall) { queries in
            withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<Float>?.self, capacity: queriesPerCall) { outputs in
                withUnsafeTemporaryAllocation(of: Int.self, capacity: queriesPerCall) { lengths in
                    let total = heads * Int(group.count)
                    var next = 0
                    while next < total {
                        let count = min(queriesPerCall, total - next)
                        for query in 0..<count {
                            let token = firstToken + (next + query) / heads
                            let offset = (firstHead + (next + query) % heads) * size
                            queries.initializeElement(at: query, to: UnsafePointer(activations.queries[token] + offset))
                            outputs.initializeElement(at: query, to: activations.attended.floats[token] + offset)
                            lengths.initializeElement(at: query, to: visibleCount(ofToken: token))
                        }
                        flow_attend(
                            &memory, count, queries.baseAddress, lengths.baseAddress, outputs.baseAddress)
                        next += count
                    }
                }
            }
        }
    }

    /// The key and value memory of the token's sequence for one head of one layer.
    private func attention(_ token: Int, keyValueHead: Int, layer: Int, _ input: StepInput) -> flow_attention {
        flow_attention(
            memory: keyValueMemory.assumingMemoryBound(to: UInt8.self),
            block_bytes: geometry.bytesPerBlock,
            head_offset: layer * geometry.bytesPerLayer + keyValueHead * geometry.bytesPerHead,
            blocks: input.blockTables[Int(input.sequences[token])],
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
