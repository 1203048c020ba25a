// SPDX-License-Identifier: Apache-2.0

/// How a model's context was stretched by turning heads more slowly. Factors for single frequencies, as Llama 3.1 has
/// them, are a tensor; here is the one factor for all.
struct RotaryScaling {
    /// What positions are multiplied with.
    let scale: Float

    /// Reads the scaling and refuses kinds that the engine does not compute.
    init(_ metadata: any FamilyMetadata) throws(PackError) {
        let kind = try metadata.string("rope.scaling.type")
        switch kind {
        case "none":
            scale = 1
        case nil, "linear":
            let older = try metadata.float("rope.scale_linear", default: 0)
            let factor = try metadata.float("rope.scaling.factor", default: older)
            guard factor == 0 || (factor >= 1 && factor.isFinite) else {
                throw .inconsistent("its rotary scaling factor is \(factor)")
            }
            // Files write 0 where nothing is scaled.
            scale = factor == 0 ? 1 : Float(1 / factor)
        case .some(let other):
            throw .unsupportedProperty("rotary scaling '\(other)'")
        }
    }
}
