// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// What YaRN divides the frequency of each rotated pair by: nothing where a pair turns more than `beta_fast` times within
/// the context that the model was first trained with, the factor where it turns less than `beta_slow` times, and a blend
/// between, linear in the pair's number (Peng and others, "YaRN: Efficient Context Window Extension of Large Language
/// Models", 2023).
enum YarnFactors {
    /// The factors as a tensor; nil where the settings do not ask for them.
    static func tensor(_ metadata: any FamilyMetadata) throws(PackError) -> SourceTensor? {
        guard try metadata.string("rope.scaling.type") == "yarn" else { return nil }
        let dimensions = try metadata.rotatedDimensions()
        let base = try metadata.float("rope.freq_base", default: 10_000)
        let factor = try metadata.float("rope.scaling.factor")
        let context = try metadata.integer("rope.scaling.original_context_length")
        let fast = try metadata.float("rope.scaling.yarn_beta_fast", default: 32)
        let slow = try metadata.float("rope.scaling.yarn_beta_slow", default: 1)
        guard base > 1, factor >= 1, context > 0, fast > slow, slow > 0, (2...1 << 16).contains(dimensions) else {
            throw .inconsistent("its YaRN scaling has impossible numbers")
        }
        /// The pair that turns so often within the first context.
        func pair(turning turns: Double) -> Double {
            Double(dimensions) * log(Double(context) / (turns * 2 * .pi)) / (2 * log(base))
        }
        let first = max(0, pair(turning: fast).rounded(.down))
        let last = min(Double(dimensions - 1), pair(turning: slow).rounded(.up))
        let factors = (0..<dimensions / 2).map { pair in
            let share = min(1, max(0, (Double(pair) - first) / max(0.001, last - first)))
            return Float(1 / (share / factor + 1 - share))
        }
        return SourceTensor(computed: factors, name: "rope_freqs.weight")
    }
}

extension FamilyMetadata {
    /// Width of a head.
    func headSize() throws(PackError) -> Int {
        let heads = try integer("attention.head_count")
        let width = try integer("embedding_length")
        guard heads > 0 else { throw .inconsistent("it has \(heads) attention heads") }
        return try integer("attention.key_length", default: width / heads)
    }

    /// Numbers of a head that turn.
    func rotatedDimensions() throws(PackError) -> Int {
        try integer("rope.dimension_count", default: try headSize())
    }
}
