// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import Checkpoints
internal import ServingModel
internal import Tokenization

/// A model in GGUF, which holds everything under the names that packing uses.
struct GGUFSource: CheckpointSource {
    let architecture: Architecture
    let name: String?
    let metadata: any FamilyMetadata
    let tensors: [String: SourceTensor]
    private let file: GGUFParts

    /// Reads and checks everything but the weights of one file, or of all parts of a split one.
    init(_ parts: [UnsafeRawBufferPointer]) throws(PackError) {
        let file = try packing(PackError.checkpoint) { () throws(CheckpointError) in try GGUFParts(parts) }
        let family = try packing(PackError.checkpoint) { () throws(CheckpointError) in
            guard let name = try file.metadata.string("general.architecture") else {
                throw .missingMetadata(key: "general.architecture")
            }
            return name
        }
        guard let architecture = Architecture(named: family) else {
            throw .unsupportedArchitecture(family, known: Architecture.allCases.map(\.name))
        }
        self.file = file
        self.architecture = architecture
        name = try packing(PackError.checkpoint) { () throws(CheckpointError) in
            try file.metadata.string("general.name")
        }
        metadata = GGUFFamilyMetadata(file.metadata, of: architecture)
        var tensors = Dictionary(
            file.tensors.map { ($0.name, SourceTensor($0)) }, uniquingKeysWith: { first, _ in first })
        if let factors = try YarnFactors.tensor(metadata) { tensors[factors.name] = factors }
        self.tensors = tensors
    }

    func vocabulary() throws(PackError) -> Vocabulary {
        try VocabularyReading(file.metadata).vocabulary()
    }

    func chatTemplate() throws(PackError) -> String? {
        try packing(PackError.checkpoint) { () throws(CheckpointError) in
            guard let usual = try file.metadata.string("tokenizer.chat_template") else { return nil }
            let withTools = try file.metadata.string("tokenizer.chat_template.tool_use")
            return TemplateReading.joined(usual, withTools: withTools)
        }
    }

    func samplingDefaults() throws(PackError) -> SamplingDefaults {
        try packing(PackError.checkpoint) { () throws(CheckpointError) in
            func number(_ name: String) throws(CheckpointError) -> Float? {
                try file.metadata.float("general.sampling.\(name)").map { Float($0) }
            }
            var defaults = SamplingDefaults()
            defaults.temperature = try number("temp")
            defaults.topK = try file.metadata.integer("general.sampling.top_k")
            defaults.topP = try number("top_p")
            defaults.minP = try number("min_p")
            defaults.repetitionPenalty = try number("penalty_repeat")
            return defaults.checked
        }
    }

    func missingTensor(_ name: String) -> PackError {
        .missingTensor(name)
    }
}
