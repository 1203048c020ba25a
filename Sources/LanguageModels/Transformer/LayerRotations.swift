// SPDX-License-Identifier: Apache-2.0
import Artefacts
import CFlowKernels

/// The rotary tables of a model: the usual one, that of sequences beyond the short context, and that of windows.
struct LayerRotations {
    private let usual: RotationTables
    private let long: RotationTables?
    private let windowed: RotationTables?
    private let shortContextLength: Int
    private let contextLength: Int

    init(model: TransformerModel) {
        let shape = model.configuration
        func tables(_ base: Float, _ scale: Float, _ factors: [Float]?) -> RotationTables {
            RotationTables(
                frequencies: RotationTables.frequencies(
                    base: base, dimensions: shape.ropeDimensions, scale: scale, factors: factors),
                contextLength: shape.contextLength, magnitude: shape.ropeMagnitude)
        }
        usual = tables(shape.ropeBase, shape.ropeScale, model.ropeFactors)
        long = model.longRopeFactors.map { tables(shape.ropeBase, shape.ropeScale, $0) }
        windowed =
            model.hasWindowRotation ? tables(shape.window.ropeBase, shape.window.ropeScale, nil) : nil
        shortContextLength = shape.shortContextLength
        contextLength = shape.contextLength
    }

    /// Writes a row's angles for layers without and with a window.
    func write(_ row: Int, _ input: StepInput, to activations: TransformerActivations) {
        let position = Int(input.positions[row])
        let reach = input.reaches.map { Int($0[Int(input.sequences[row])]) } ?? contextLength
        let tables = reach > shortContextLength ? long ?? usual : usual
        withUnsafePointer(to: tables.view) { flow_rotation_of($0, position, activations.rotations[row]) }
        guard let windowed else { return }
        withUnsafePointer(to: windowed.view) { flow_rotation_of($0, position, activations.windowRotations[row]) }
    }

    /// A row's angles in a layer; nil where it does not rotate.
    func angles(
        ofRow row: Int, _ rotation: TransformerLayer.Rotation, in activations: TransformerActivations
    ) -> UnsafeMutablePointer<Float>? {
        switch rotation {
        case .none: nil
        case .usual: activations.rotations[row]
        case .windowed: windowed == nil ? activations.rotations[row] : activations.windowRotations[row]
        }
    }
}
