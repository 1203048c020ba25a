// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// Which pieces are drafts, and how a draft is handed out. It then becomes the same bits that the piece would have
/// written without one.
extension TransformerForwardPass {
    func isDrafted(operation index: Int) -> Bool {
        switch program.steps[index].operation {
        case .project, .attentionOutput, .gateAndUp, .down, .logits: cut(ofOperation: index).isDrafted
        default: false
        }
    }

    /// Products are drafted where few rows make them short: a late rank would hold up a step of some milliseconds.
    func isDrafted(_ step: TransformerProgram.Step, _ grid: PieceGrid) -> Bool {
        drafts != nil && PieceDrafts.hold(grid, matrices: step.operation == .gateAndUp ? 2 : 1)
    }

    func deliverPiece(_ piece: Int, ofOperation index: Int, rank: Int) {
        guard let drafts else { preconditionFailure("a piece without a draft is delivered") }
        let step = program.steps[index]
        let layer = model.layers[step.layer]
        let grid = cut(ofOperation: index).grid
        let draft = drafts.draft(rank: rank, grid.panels(ofPiece: piece), grid.vectors(ofPiece: piece))
        switch step.operation {
        case .project:
            deliverProjections(draft)
        case .gateAndUp:
            if let weights = layer.feedForward { deliverGate(draft, width: weights.width) }
        case .logits:
            deliver(draft, width: shape.vocabularySize, to: activations.logits)
        default:
            if let branch = branch(of: step, layer) { deliver(draft, of: branch) }
        }
    }

    /// A branch's outputs: onto the residual, or to their own place.
    private func deliver(_ draft: PieceDraft, of branch: BranchOutput) {
        guard branch.isAdded else { return deliver(draft, width: shape.hiddenSize, to: activations.branch) }
        let own = outputs(of: draft.panels, width: shape.hiddenSize)
        let sums = draft.outputs()
        for row in draft.rows {
            let residual = activations.residual[row] + own.lowerBound
            flow_add(residual, sums[row] + own.lowerBound, own.count)
            if let bias = branch.projection.bias { flow_add(residual, bias + own.lowerBound, own.count) }
        }
    }

    private func deliverProjections(_ draft: PieceDraft) {
        deliver(draft, to: projectedQueries)
        deliver(draft, to: projectedKeys)
        deliver(draft, to: projectedValues)
    }

    private func deliver(_ draft: PieceDraft, to part: ProjectedPart) {
        let own = draft.panels.clamped(to: part.panels)
        guard !own.isEmpty else { return }
        let first = part.panels.lowerBound
        let panels = own.lowerBound - first..<own.upperBound - first
        copy(draft.outputs(firstPanel: first), panels, draft.rows, width: part.width, to: part.target)
    }

    /// The gate's activated rows, in all forms that the next matrices need.
    private func deliverGate(_ draft: PieceDraft, width: Int) {
        deliver(draft, width: width, to: activations.gate.floats)
        let own = outputs(of: draft.panels, width: width)
        for row in draft.rows { activations.gate.convert(row: row, own) }
    }

    private func deliver(_ draft: PieceDraft, width: Int, to target: ActivationRows) {
        copy(draft.outputs(), draft.panels, draft.rows, width: width, to: target)
    }

    private func copy(
        _ source: ActivationRows, _ panels: Range<Int>, _ rows: Range<Int>, width: Int, to target: ActivationRows
    ) {
        let own = outputs(of: panels, width: width)
        for row in rows {
            (target[row] + own.lowerBound).update(from: source[row] + own.lowerBound, count: own.count)
        }
    }
}

/// How a product is cut, and what becomes of its pieces.
struct PieceCut {
    let grid: PieceGrid
    let isDrafted: Bool
}

/// The last product of a branch of a layer.
struct BranchOutput {
    let projection: Projection
    let source: Operand
    /// Whether it is added to the residual at once.
    let isAdded: Bool
}
