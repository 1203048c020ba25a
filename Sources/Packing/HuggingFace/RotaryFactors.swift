// SPDX-License-Identifier: Apache-2.0
internal import Checkpoints
internal import Glibc
internal import JSONReading

/// What Llama 3.1 divides the frequency of each rotated pair by: nothing where a pair turns often within the context
/// that the model was first trained with, `factor` where it turns rarely, and a blend between. The algorithm is that of
/// the model's paper and of transformers' `llama3` scaling, in the same precision.
enum RotaryFactors {
    private static let tensor = "rope_freqs.weight"

    /// The tensor that GGUF files have; nil where `config.json` does not ask for this scaling.
    static func llama3(
        _ configuration: JSONValue, dimensions: Int
    ) throws(PackError) -> SourceTensor? {
        func member(_ name: String) -> JSONValue? {
            HuggingFaceNames.rotary([name]).lazy.compactMap { HuggingFaceMetadata.member($0, of: configuration) }.first
        }
        guard (member("rope_type") ?? member("type"))?.text == "llama3" else { return nil }
        func number(_ name: String) throws(PackError) -> Double {
            guard let value = member(name)?.number, value > 0 else {
                throw .inconsistent("'\(name)' of the llama3 scaling in config.json is no positive number")
            }
            return value
        }
        let base = (member("rope_theta") ?? configuration["rope_theta"])?.number ?? 10_000
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
        return SourceTensor(computed: factors, name: tensor)
    }
}
