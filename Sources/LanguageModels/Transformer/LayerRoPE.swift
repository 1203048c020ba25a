// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// The rotary tables of a model: the usual one, that of sequences beyond the short context, and that of windows.
struct LayerRoPE {
    private let usual: RoPETables
    private let long: RoPETables?
    private let windowed: RoPETables?
    private let shortContextLength: Int
    private let contextLength: Int

    init(model: TransformerModel) {
        let shape = model.configuration
        func tables(_ base: Float, _ scale: Float, _ factors: [Float]?) -> RoPETables {
            RoPETables(
                frequencies: RoPETables.frequencies(
                    base: base, dimensions: shape.ropeDimensions, scale: scale, factors: factors),
                contextLength: shape.contextLength, magnitude: shape.ropeMagnitude)
        }
        usual = tables(shape.ropeBase, shape.ropeScale, model.ropeFactors)
        long = model.longRopeFactors.map { tables(shape.ropeBase, shape.ropeScale, $0) }
        windowed =
            model.hasWindowRoPE ? tables(shape.window.ropeBase, shape.window.ropeScale, nil) : nil
        shortContextLength = shape.shortContextLength
        contextLength = shape.contextLength
    }

    /// Writes a token's angles for layers without and with a window.
    func write(_ token: Int, _ input: StepInput, to activations: TransformerActivations) {
        let position = Int(input.positions[token])
        let sequenceLength = input.sequenceLengths.map { Int($0[Int(input.sequences[token])]) } ?? contextLength
        let tables = sequenceLength > shortContextLength ? long ?? usual : usual
        withUnsafePointer(to: tables.view) { flow_rope_angles($0, position, activations.ropeAngles[token]) }
        guard let windowed else { return }
        withUnsafePointer(to: windowed.view) { flow_rope_angles($0, position, activations.windowRopeAngles[token]) }
    }

    /// A token's angles in a layer; nil where it does not rotate.
    func angles(
        ofToken token: Int, _ rope: TransformerLayer.RoPE, in activations: TransformerActivations
    ) -> UnsafeMutablePointer<Float>? {
        switch rope {
        case .none: nil
        case .usual: activations.ropeAngles[token]
        case .windowed: windowed == nil ? activations.ropeAngles[token] : activations.windowRopeAngles[token]
        }
    }
}
