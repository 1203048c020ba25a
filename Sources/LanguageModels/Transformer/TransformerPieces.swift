// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// How each operation is cut, and which function computes a piece.
extension TransformerForwardPass {
    func pieceCount(ofOperation index: Int) -> Int {
        guard let input else { preconditionFailure("a step is prepared before it runs") }
        let step = program.steps[index]
        switch step.operation {
        case .embed, .store, .joinAttention, .joinFeedForward, .route, .gather:
            return Self.rowPieces(input.rowCount)
        case .joinOutput:
            return Self.rowPieces(input.outputCount)
        case .group:
            return 1
        case .attend:
            return groupPieces * (shape.keyValueHeadCount / keyValueHeadsPerPiece)
        case .expertGateAndUp, .expertDown:
            return expertPieces(of: step).count
        case .project, .attentionOutput, .gateAndUp, .down, .logits:
            let grid = grid(of: step, input)
            keep(PieceCut(grid: grid, isDrafted: isDrafted(step, grid)), ofOperation: index)
            return grid.count
        }
    }

    func runPiece(_ piece: Int, ofOperation index: Int, rank: Int) {
        guard let input else { preconditionFailure("a step is prepared before it runs") }
        let step = program.steps[index]
        let layer = model.layers[step.layer]
        switch step.operation {
        case .attend:
            attend(piece, layer: step.layer, input)
        case .joinOutput:
            for index in Self.rows(ofPiece: piece, of: input.outputCount) { joinOutput(index, input) }
        case .group:
            routing?.group(rowCount: input.rowCount)
        case .route:
            if let experts = layer.experts { route(Self.rows(ofPiece: piece, of: input.rowCount), experts) }
        case .expertGateAndUp:
            if let experts = layer.experts { expertGateAndUp(expertPieces(of: step)[piece], experts) }
        case .expertDown:
            if let experts = layer.experts { expertDown(expertPieces(of: step)[piece], experts) }
        case .project, .attentionOutput, .gateAndUp, .down, .logits:
            multiply(piece, step, layer, cut(ofOperation: index), rank: rank)
        case .embed, .store, .joinAttention, .joinFeedForward, .gather:
            for row in Self.rows(ofPiece: piece, of: input.rowCount) { runRow(row, step, layer, input) }
        }
    }

    private func runRow(
        _ row: Int, _ step: TransformerProgram.Step, _ layer: TransformerLayer, _ input: StepInput
    ) {
        switch step.operation {
        case .embed: embed(row, input)
        case .store: store(row, layer: step.layer, input)
        case .joinAttention: joinAttention(row, layer)
        case .joinFeedForward: joinFeedForward(row, layer: step.layer)
        default: gather(row)
        }
    }

    private func attend(_ piece: Int, layer: Int, _ input: StepInput) {
        let head = piece / groupPieces * keyValueHeadsPerPiece
        let first = piece % groupPieces * groupsPerPiece
        for group in first..<min(first + groupsPerPiece, groupCount) {
            attend(self.group(group), keyValueHeads: head..<head + keyValueHeadsPerPiece, layer: layer, input)
        }
    }

    private var groupPieces: Int { (groupCount + groupsPerPiece - 1) / groupsPerPiece }

    /// The cut of an operation that multiplies with matrices; several matrices are laid behind each other.
    private func grid(of step: TransformerProgram.Step, _ input: StepInput) -> PieceGrid {
        let layer = model.layers[step.layer]
        switch step.operation {
        case .project:
            return grid(layer.query.matrix, projectedValues.panels.upperBound, input.rowCount)
        case .attentionOutput:
            return grid(layer.attentionOutput.matrix, Self.panels(shape.hiddenSize), input.rowCount)
        case .gateAndUp:
            // A piece has panels of both matrices: it counts as twice as wide.
            return grid(
                layer.feedForward?.up.matrix, Self.panels(layer.feedForward?.width ?? 0), input.rowCount, times: 2)
        case .down:
            return grid(layer.feedForward?.down.matrix, Self.panels(shape.hiddenSize), input.rowCount)
        default:
            return grid(model.output, Self.panels(shape.vocabularySize), input.sampledCount)
        }
    }

    private func grid(_ matrix: flow_matrix?, _ panels: Int, _ vectors: Int, times: Int = 1) -> PieceGrid {
        guard let matrix else { preconditionFailure("a program has no operation without its matrix") }
        return PieceGrid(panels: panels, panelBytes: times * matrix.panelBytes, vectors: vectors, ranks: rankCount)
    }

    private func expertPieces(of step: TransformerProgram.Step) -> ExpertPieces {
        guard let routing, let experts = model.layers[step.layer].experts else {
            preconditionFailure("a program has no experts without their layer")
        }
        let isDown = step.operation == .expertDown
        let matrices = isDown ? experts.down : experts.gate
        return ExpertPieces(
            routing, panels: matrices.panels, panelBytes: (isDown ? 1 : 2) * matrices.panelBytes,
            rankCount: rankCount)
    }

    private func multiply(
        _ piece: Int, _ step: TransformerProgram.Step, _ layer: TransformerLayer, _ cut: PieceCut, rank: Int
    ) {
        let grid = cut.grid
        let (panels, rows) = (grid.panels(ofPiece: piece), grid.vectors(ofPiece: piece))
        let next = grid.nextPanel(afterPiece: piece)
        let draft = cut.isDrafted ? drafts?.draft(rank: rank, panels, rows) : nil
        switch step.operation {
        case .project:
            project(panels, next: next, rows, layer, draft)
        case .gateAndUp:
            if let weights = layer.feedForward { gateAndUp(panels, next: next, rows, weights, draft) }
        case .logits:
            if let matrix = model.output { logits(matrix, panels, next: next, rows, draft) }
        default:
            if let branch = branch(of: step, layer) { output(branch, panels, next: next, rows, draft) }
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

    private static func rowPieces(_ count: Int) -> Int { (count + rowsPerPiece - 1) / rowsPerPiece }

    private static func rows(ofPiece piece: Int, of count: Int) -> Range<Int> {
        piece * rowsPerPiece..<min((piece + 1) * rowsPerPiece, count)
    }
}
