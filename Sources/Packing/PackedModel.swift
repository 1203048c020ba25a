// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import LanguageModels
internal import ServingModel

/// What was packed, for the node's model store.
struct PackedModel {
    let configuration: ModelConfiguration
    /// Whether the model can be asked in messages, or completes texts only.
    let hasChatTemplate: Bool
    /// Size of the artefact.
    let byteCount: UInt64
    /// Layout of most of its weights.
    let layout: KernelLayout
    /// How its makers want tokens chosen.
    let sampling: SamplingDefaults

    /// Memory that one token of context takes, from the geometry that instances use.
    private var keyValueBytesPerToken: Int {
        let geometry = KVLayout(configuration: configuration)
        return (geometry.bytesPerBlock + geometry.tokensPerBlock - 1) / geometry.tokensPerBlock
    }

    /// One line of JSON; the keys are those of the node's listings.
    var json: String {
        let shape = configuration
        var fields: [(String, String)] = [
            ("architecture", Self.quoted(shape.architecture.name)), ("name", Self.quoted(shape.name)),
            ("parameterCount", "\(shape.parameterCount)"), ("contextLength", "\(shape.contextLength)"),
            ("layerCount", "\(shape.layerCount)"), ("hiddenSize", "\(shape.hiddenSize)"),
            ("headCount", "\(shape.headCount)"), ("keyValueHeadCount", "\(shape.keyValueHeadCount)"),
            ("headSize", "\(shape.headSize)"), ("feedForwardSize", "\(shape.feedForwardSize)"),
            ("vocabularySize", "\(shape.vocabularySize)"), ("hasChatTemplate", "\(hasChatTemplate)"),
            ("byteCount", "\(byteCount)"), ("layout", Self.quoted(layout.name)),
            ("keyValueBytesPerToken", "\(keyValueBytesPerToken)"),
        ]
        if !sampling.isEmpty { fields.append(("sampling", samplingJSON)) }
        return "{" + fields.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }

    private var samplingJSON: String {
        let numbers: [(String, String?)] = [
            ("temperature", sampling.temperature?.description), ("topK", sampling.topK?.description),
            ("topP", sampling.topP?.description), ("minP", sampling.minP?.description),
            ("typicalP", sampling.typicalP?.description),
            ("repetitionPenalty", sampling.repetitionPenalty?.description),
        ]
        return "{" + numbers.compactMap { name, number in number.map { "\"\(name)\":\($0)" } }.joined(separator: ",")
            + "}"
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\" + String(Character(scalar))
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
