// SPDX-License-Identifier: Apache-2.0

/// How a model's makers want its tokens chosen where a client says nothing. What is nil is left to the server.
package struct SamplingDefaults: Hashable, Sendable, Codable {
    package var temperature: Float?
    package var topK: Int?
    package var topP: Float?
    package var minP: Float?
    package var typicalP: Float?
    package var repetitionPenalty: Float?

    package init() {}

    /// Nothing is wanted.
    package var isEmpty: Bool { self == SamplingDefaults() }

    /// Without what no client could ask for either: a checkpoint's numbers are a stranger's.
    package var checked: SamplingDefaults {
        typealias Limits = SamplingParameters.Limits
        var checked = SamplingDefaults()
        checked.temperature = temperature.flatMap { Limits.temperature.contains($0) ? $0 : nil }
        checked.topK = topK.flatMap { (0...(1 << 20)).contains($0) ? $0 : nil }
        checked.topP = topP.flatMap { Limits.mass.contains($0) ? $0 : nil }
        checked.minP = minP.flatMap { Limits.minP.contains($0) ? $0 : nil }
        checked.typicalP = typicalP.flatMap { Limits.mass.contains($0) ? $0 : nil }
        checked.repetitionPenalty = repetitionPenalty.flatMap { Limits.repetitionPenalty.contains($0) ? $0 : nil }
        return checked
    }
}

extension SamplingParameters {
    /// These parameters with what the model's makers want, but for what the client asked for.
    package func filled(from defaults: SamplingDefaults, asked: SamplingDefaults) -> SamplingParameters {
        var filled = self
        if let wanted = defaults.temperature, asked.temperature == nil { filled.temperature = wanted }
        if let wanted = defaults.topK, asked.topK == nil { filled.topK = wanted }
        if let wanted = defaults.topP, asked.topP == nil { filled.topP = wanted }
        if let wanted = defaults.minP, asked.minP == nil { filled.minP = wanted }
        if let wanted = defaults.typicalP, asked.typicalP == nil { filled.typicalP = wanted }
        if let wanted = defaults.repetitionPenalty, asked.repetitionPenalty == nil { filled.repetitionPenalty = wanted }
        return filled
    }
}
