// SPDX-License-Identifier: Apache-2.0
internal import Checkpoints
internal import Glibc
internal import JSONReading

/// What `config.json` says of the frequencies of a stretched context: factors of each, which GGUF files have as tensors,
/// and settings that are computed.
enum RotaryFactors {
    /// The tensors that a GGUF file would have.
    static func tensors(_ configuration: JSONValue, dimensions: Int) throws(PackError) -> [SourceTensor] {
        guard let kind = (member("rope_type", configuration) ?? member("type", configuration))?.text else { return [] }
        switch kind {
        case "llama3": return [try llama3(configuration, dimensions: dimensions)]
        case "longrope", "su":
            return [
                try listed("short_factor", as: "rope_factors_short", configuration),
                try listed("long_factor", as: "rope_factors_long", configuration),
            ]
        default: return []
        }
    }

    /// Settings under GGUF's names that are no member of `config.json`.
    static func settings(_ configuration: JSONValue, _ names: HuggingFaceNames) -> [String: JSONValue] {
        let paths = names.settings["rope.scaling.type"] ?? []
        let kind = paths.lazy.compactMap { HuggingFaceMetadata.member($0, of: configuration)?.text }.first
        let given = member("attention_factor", configuration)?.number
        let factor = member("factor", configuration)?.number
        switch kind {
        case "default", "llama3":
            // What there is to say of llama3 is in its tensor.
            return ["rope.scaling.type": .text("none")]
        case "longrope", "su":
            let original =
                configuration["original_max_position_embeddings"]
                ?? member(
                    "original_max_position_embeddings", configuration)
            let computed = factor.flatMap { factor in
                original?.count.map { RotaryScaling.magnitude(ofLong: factor, original: $0) }
            }
            return (given ?? computed).map { ["rope.scaling.attn_factor": .fraction($0)] } ?? [:]
        case "yarn":
            return yarnMagnitude(configuration, given: given, factor: factor)
        default:
            return [:]
        }
    }

    /// GGUF's factor is one beside the usual magnitude of the method, not in its place.
    private static func yarnMagnitude(
        _ configuration: JSONValue, given: Double?, factor: Double?
    ) -> [String: JSONValue] {
        guard let factor, factor > 1 else { return [:] }
        func magnitude(_ share: Double) -> Double { 0.1 * share * log(factor) + 1 }
        if let given { return ["rope.scaling.attn_factor": .fraction(given / magnitude(1))] }
        guard let all = member("mscale_all_dim", configuration)?.number, all != 0,
            let share = member("mscale", configuration)?.number, share != 0
        else { return [:] }
        return ["rope.scaling.attn_factor": .fraction(magnitude(share) / magnitude(all) / magnitude(1))]
    }

    private static func member(_ name: String, _ configuration: JSONValue) -> JSONValue? {
        HuggingFaceNames.rotary([name]).lazy.compactMap { HuggingFaceMetadata.member($0, of: configuration) }.first
    }

    /// A list of factors as it is.
    private static func listed(
        _ name: String, as tensor: String, _ configuration: JSONValue
    ) throws(PackError) -> SourceTensor {
        guard let list = member(name, configuration)?.list, !list.isEmpty, list.count <= 1 << 16 else {
            throw .inconsistent("config.json has no list '\(name)'")
        }
        let numbers = list.compactMap(\.number)
        guard numbers.count == list.count else { throw .inconsistent("'\(name)' of config.json has no numbers") }
        return SourceTensor(computed: numbers.map { Float($0) }, name: tensor + ".weight")
    }

    /// What Llama 3.1 divides the frequency of each rotated pair by: nothing where a pair turns often within the context
    /// that the model was first trained with, `factor` where it turns rarely, and a blend between. The algorithm is that
    /// of the model's paper and of transformers' `llama3` scaling, in the same precision.
    private static func llama3(_ configuration: JSONValue, dimensions: Int) throws(PackError) -> SourceTensor {
        func number(_ name: String) throws(PackError) -> Double {
            guard let value = member(name, configuration)?.number, value > 0 else {
                throw .inconsistent("'\(name)' of the llama3 scaling in config.json is no positive number")
            }
            return value
        }
        let base = (member("rope_theta", configuration) ?? configuration["rope_theta"])?.number ?? 10_000
        let factor = try number("factor")
        let low = try number("low_freq_factor")
        let high = try number("high_freq_factor")
        let context = try number("original_max_position_embeddings")
        guard high > low, base > 1, dimensions > 0, dimensions <= 1 << 16 else {
            throw .inconsistent("the llama3 scaling in config.json has impossible numbers")
        }
        let factors = stride(from: 0, to: dimensions, by: 2).map { index in
            let wavelength = 2 * Double.pi * pow(base, Double(index) / Double(dimensions))
            let share = min(1, max(0, (context / wavelength - low) / (high - low)))
            return Float(1 / ((1 - share) / factor + share))
        }
        return SourceTensor(computed: factors, name: "rope_freqs.weight")
    }
}
