// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// How a model's context was stretched by turning heads more slowly: one factor for all frequencies, or factors for
/// each, which are tensors.
struct RotaryScaling {
    /// What positions are multiplied with.
    private(set) var scale: Float = 1
    /// What cosines and sines are multiplied with.
    private(set) var magnitude: Float = 1
    /// Positions up to which the factors for short texts hold; 0 = there are no others.
    private(set) var shortContextLength = 0

    /// Reads the scaling and refuses kinds that the engine does not compute.
    init(_ metadata: any FamilyMetadata, contextLength: Int) throws(PackError) {
        let kind = try metadata.string("rope.scaling.type")
        let original = try metadata.integer("rope.scaling.original_context_length", default: 0)
        switch kind {
        case "none":
            break
        case nil, "linear":
            let older = try metadata.float("rope.scale_linear", default: 0)
            let factor = try metadata.float("rope.scaling.factor", default: older)
            guard factor == 0 || (factor >= 1 && factor.isFinite) else {
                throw .inconsistent("its rotary scaling factor is \(factor)")
            }
            // Files write 0 where nothing is scaled.
            scale = factor == 0 ? 1 : Float(1 / factor)
            // Files of Phi-3 do not call their scaling by its name.
            if let factor = try metadata.float(ifPresent: "rope.scaling.attn_factor") {
                try stretch(magnitude: factor, original: original, contextLength)
            }
        case "longrope", "su":
            let usual = Self.magnitude(ofLong: Double(contextLength) / Double(max(1, original)), original: original)
            try stretch(
                magnitude: try metadata.float("rope.scaling.attn_factor", default: usual), original: original,
                contextLength)
        case "yarn":
            let factor = try metadata.float("rope.scaling.factor")
            let usual = factor > 1 ? 0.1 * log(factor) + 1 : 1
            magnitude = Float(try metadata.float("rope.scaling.attn_factor", default: 1) * usual)
        case .some(let other):
            throw .unsupportedProperty("rotary scaling '\(other)'")
        }
    }

    private mutating func stretch(magnitude: Double, original: Int, _ contextLength: Int) throws(PackError) {
        guard original > 0 else {
            throw .inconsistent("its rotary scaling does not say the context that it was trained with")
        }
        self.magnitude = Float(magnitude)
        shortContextLength = original
    }

    /// The magnitude of models with factors for long texts where nothing else is said, as their paper has it.
    static func magnitude(ofLong factor: Double, original: Int) -> Double {
        factor > 1 && original > 1 ? (1 + log(factor) / log(Double(original))).squareRoot() : 1
    }
}
