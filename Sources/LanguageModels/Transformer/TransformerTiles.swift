// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// How each operation is cut, and which function computes a tile.
extension TransformerForwardPass {
    func tileCount(ofOperation index: Int) -> Int {
        guard let input else { preconditionFailure("a step is prepared before it runs") }
        let step = program.steps[index]
        switch step.operation {
        case .embed, .store, .joinAttention, .joinFeedForward, .route, .gather:
            return Self.tokenTiles(input.tokenCount)
        case .joinOutput:
            return Self.tokenTiles(input.outputCount)
        case .group:
            return 1
        case .attend:
            return groupTiles * (shape.keyValueHeadCount / keyValueHeadsPerTile)
        case .expertGateAndUp, .expertDown:
            return expertTiles(of: step).count
        case .project, .attentionOutput, .gateAndUp, .down, .logits:
            let grid = grid(of: step, input)
            keep(TileCut(grid: grid, allowsBackup: allowsBackup(step, grid)), ofOperation: index)
            return grid.count
        }
    }

    func runTile(_ tile: Int, ofOperation index: Int, rank: Int) {
        guard let input else { preconditionFailure("a step is prepared before it runs") }
        let step = program.steps[index]
        let layer = model.layers[step.layer]
        switch step.operation {
        case .attend:
            attend(tile, layer: step.layer, input)
        case .joinOutput:
            for index in Self.tokens(ofTile: tile, of: input.outputCount) { joinOutput(index, input) }
        case .group:
            routing?.group(tokenCount: input.tokenCount)
        case .route:
            if let experts = layer.experts { route(Self.tokens(ofTile: tile, of: input.tokenCount), experts) }
        case .expertGateAndUp:
            if let experts = layer.experts { expertGateAndUp(expertTiles(of: step)[tile], experts) }
        case .expertDown:
            if let experts = layer.experts { expertDown(expertTiles(of: step)[tile], experts) }
        case .project, .attentionOutput, .gateAndUp, .down, .logits:
            multiply(tile, step, layer, cut(ofOperation: index), rank: rank)
        case .embed, .store, .joinAttention, .joinFeedForward, .gather:
            for token in Self.tokens(ofTile: tile, of: input.tokenCount) { runToken(token, step, layer, input) }
        }
    }

    private func runToken(
        _ token: Int, _ step: TransformerProgram.Step, _ layer: TransformerLayer, _ input: StepInput
    ) {
        switch step.operation {
        case .embed: embed(token, input)
        case .store: store(token, layer: step.layer, input)
        case .joinAttention: joinAttention(token, layer)
        case .joinFeedForward: joinFeedForward(token, layer: step.layer)
        default: gather(token)
        }
    }

    private func attend(_ tile: Int, layer: Int, _ input: StepInput) {
        let head = tile / groupTiles * keyValueHeadsPerTile
        let first = tile % groupTiles * groupsPerTile
        for group in first..<min(first + groupsPerTile, groupCount) {
            attend(self.group(group), keyValueHeads: head..<head + keyValueHeadsPerTile, layer: layer, input)
        }
    }

    private var groupTiles: Int { (groupCount + groupsPerTile - 1) / groupsPerTile }

    /// The cut of an operation that multiplies with matrices; several matrices are laid behind each other.
    private func grid(of step: TransformerProgram.Step, _ input: StepInput) -> TileGrid {
        let layer = model.layers[step.layer]
        switch step.operation {
        case .project:
            return grid(layer.query.matrix, projectedValues.panels.upperBound, input.tokenCount)
        case .attentionOutput:
            return grid(layer.attentionOutput.matrix, Self.panels(shape.hiddenSize), input.tokenCount)
        case .gateAndUp:
            // A tile has panels of both matrices: it counts as twice as wide.
            return grid(
                layer.feedForward?.up.matrix, Self.panels(layer.feedForward?.width ?? 0), input.tokenCount, times: 2)
        case .down:
            return grid(layer.feedForward?.down.matrix, Self.panels(shape.hiddenSize), input.tokenCount)
        default:
            return grid(model.output, Self.panels(shape.vocabularySize), input.sampledCount)
        }
    }

    private func grid(_ matrix: flow_matrix?, _ panels: Int, _ vectors: Int, times: Int = 1) -> TileGrid {
        guard let matrix else { preconditionFailure("a program has no operation without its matrix") }
        return TileGrid(panels: panels, panelBytes: times * matrix.panelBytes, vectors: vectors, ranks: rankCount)
    }

    private func expertTiles(of step: TransformerProgram.Step) -> ExpertTiles {
        guard let routing, let experts = model.layers[step.layer].experts else {
            preconditionFailure("a program has no experts without their layer")
        }
        let isDown = step.operation == .expertDown
        let matrices = isDown ? experts.down : experts.gate
        return ExpertTiles(
            routing, panels: matrices.panels, panelBytes: (isDown ? 1 : 2) * matrices.panelBytes,
            rankCount: rankCount)
    }

    private func multiply(
        _ tile: Int, _ step: TransformerProgram.Step, _ layer: TransformerLayer, _ cut: TileCut, rank: Int
    ) {
        let grid = cut.grid
        let (panels, tokens) = (grid.panels(ofTile: tile), grid.vectors(ofTile: tile))
        let next = grid.nextPanel(afterTile: tile)
        let buffer = cut.allowsBackup ? backupBuffers?.buffer(rank: rank, panels, tokens) : nil
        switch step.operation {
        case .project:
            project(panels, next: next, tokens, layer, buffer)
        case .gateAndUp:
            if let weights = layer.feedForward { gateAndUp(panels, next: next, tokens, weights, buffer) }
        case .logits:
            if let matrix = model.output { logits(matrix, panels, next: next, tokens, buffer) }
        default:
            if let branch = branch(of: step, layer) { output(branch, panels, next: next, tokens, buffer) }
        }
    }

    /// The last product of attention or feed-forward layer.
    func branch(of step: TransformerProgram.Step, _ layer: TransformerLayer) -> BranchOutput? {
        if step.operation == .attentionOutput {
            return BranchOutput(
                projection: layer.attentionOutput, source: activations.attended,
                isAdded: model.addsBranchesDirectly)
        }
        return layer.feedForward.map {
            BranchOutput(
                projection: $0.down, source: activations.gate,
                isAdded: model.addsBranchesDirectly && layer.experts == nil)
        }
    }

    /// Panels of a matrix with some rows.
    static func panels(_ rows: Int) -> Int { (rows + KernelLayout.panelRows - 1) / KernelLayout.panelRows }

    private static func tokenTiles(_ count: Int) -> Int { (count + tokensPerTile - 1) / tokensPerTile }

    private static func tokens(ofTile tile: Int, of count: Int) -> Range<Int> {
        tile * tokensPerTile..<min((tile + 1) * tokensPerTile, count)
    }
}
