// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import Checkpoints
internal import JSONReading
internal import LanguageModels
internal import ServingModel
internal import Tokenization

/// A model in a folder as Hugging Face lays it out: settings in `config.json`, weights in safetensors files, the tokenizer
/// in `tokenizer.json`. A family's `HuggingFaceNames` turn it into what a GGUF file would have.
struct HuggingFaceSource: CheckpointSource {
    let architecture: Architecture
    let name: String?
    let metadata: any FamilyMetadata
    let tensors: [String: SourceTensor]
    private let names: HuggingFaceNames
    private let configuration: JSONValue
    /// The part of the configuration that describes the model of text; the whole where there is no other part.
    private let text: JSONValue
    private let files: FolderFiles

    /// Reads and checks everything but the weights.
    init(_ files: FolderFiles) throws(PackError) {
        let configuration = try files.required("config.json")
        if let method = configuration["quantization_config"] {
            throw .unsupportedProperty("weights quantised by '\(method["quant_method"]?.text ?? "?")'")
        }
        architecture = try Self.family(configuration)
        names = architecture.checkpointFamily.huggingFace
        text = names.textMember.flatMap { configuration[$0] } ?? configuration
        // A file in a folder of its own, on the way a part of the file's name.
        let pooling = try files.json("1_Pooling+config.json")
        try HuggingFaceMetadata.checkPooling(pooling)
        metadata = HuggingFaceMetadata(text, pooling: pooling, names: names)
        let path = configuration["_name_or_path"]?.text?.split(separator: "/").last
        name = path.map(String.init)
        try Self.checkProperties(text, names)
        let stored = try FolderTensors.read(files) { [names] in names.ignores($0) }
        let reading = HuggingFaceTensors(names: names, order: try Self.rowOrder(metadata, of: architecture))
        var tensors = try reading.named(stored)
        let isTied = text["tie_word_embeddings"] ?? configuration["tie_word_embeddings"]
        if isTied?.boolean ?? names.tiesEmbeddings {
            // Some files hold the output matrix all the same; the model does not use it.
            tensors["output.weight"] = nil
        }
        if !architecture.isEncoder {
            let rotated = try metadata.rotatedDimensions()
            var computed = try RotaryFactors.tensors(text, dimensions: rotated)
            if let factors = try YarnFactors.tensor(metadata) { computed.append(factors) }
            for factors in computed { tensors[factors.name] = factors }
        }
        self.tensors = tensors
        self.configuration = configuration
        self.files = files
    }

    func vocabulary() throws(PackError) -> Vocabulary {
        guard let tokenizer = files["tokenizer.json"] else {
            throw .inconsistent("the folder has no tokenizer.json; save the tokenizer in this form")
        }
        let file = try TokenizerFile(tokenizer, configuration: files["tokenizer_config.json"])
        var vocabulary = try file.vocabulary()
        let generation = try files.json("generation_config.json")
        for value in [generation?["eos_token_id"], configuration["eos_token_id"], text["eos_token_id"]] {
            for token in value?.list ?? [value].compactMap({ $0 }) {
                guard let id = token.integer, vocabulary.tokens.indices.contains(Int(id)) else {
                    throw .inconsistent("'eos_token_id' names no token of tokenizer.json")
                }
                if !vocabulary.endTokens.contains(id) { vocabulary.endTokens.append(id) }
            }
        }
        vocabulary.endTokens = Array(vocabulary.endTokens.prefix(16))
        return vocabulary
    }

    func chatTemplate() throws(PackError) -> String? {
        if let text = try files.text("chat_template.jinja") { return text }
        for file in ["chat_template.json", "tokenizer_config.json"] {
            guard let template = try files.json(file)?["chat_template"] else { continue }
            if let text = template.text { return text }
            func named(_ name: String) -> String? {
                template.list?.first { $0["name"]?.text == name }?["template"]?.text
            }
            if let usual = named("default") ?? template.list?.first?["template"]?.text {
                return TemplateReading.joined(usual, withTools: named("tool_use"))
            }
        }
        return nil
    }

    func samplingDefaults() throws(PackError) -> SamplingDefaults {
        guard let generation = try files.json("generation_config.json") else { return SamplingDefaults() }
        var defaults = SamplingDefaults()
        func number(_ name: String) -> Float? { generation[name]?.number.map { Float($0) } }
        defaults.temperature = number("temperature")
        defaults.topK = generation["top_k"]?.count
        defaults.topP = number("top_p")
        defaults.minP = number("min_p")
        defaults.typicalP = number("typical_p")
        defaults.repetitionPenalty = number("repetition_penalty")
        // Said outright, it means the likeliest token, whatever else stands there.
        if generation["do_sample"]?.boolean == false { defaults.temperature = 0 }
        return defaults.checked
    }

    func missingTensor(_ name: String) -> PackError {
        .missingTensor(names.folderName(of: name))
    }

    private static func family(_ configuration: JSONValue) throws(PackError) -> Architecture {
        guard let name = configuration["architectures"]?.list?.first?.text else {
            throw .inconsistent("config.json has no 'architectures'")
        }
        let families = Architecture.allCases
        if let family = families.first(where: { $0.checkpointFamily.huggingFace.classes.contains(name) }) {
            return family
        }
        throw .unsupportedArchitecture(name, known: families.flatMap { $0.checkpointFamily.huggingFace.classes })
    }

    private static func checkProperties(_ configuration: JSONValue, _ names: HuggingFaceNames) throws(PackError) {
        if let property = names.unsupported(configuration) { throw .unsupportedProperty(property) }
        for member in ["hidden_act", "hidden_activation"] {
            guard let activation = configuration[member]?.text else { continue }
            guard names.activations.contains(activation) else {
                throw .unsupportedProperty("the activation '\(activation)' (known are \(names.activations.sorted()))")
            }
        }
    }

    /// How rows of queries and keys are taken: files turn the halves of heads, some families neighbours.
    private static func rowOrder(
        _ metadata: any FamilyMetadata, of architecture: Architecture
    ) throws(PackError) -> RowOrder {
        guard !architecture.rotatesHalves else { return .asStored }
        let headSize = try metadata.headSize()
        let rotated = try metadata.rotatedDimensions()
        guard headSize > 0, rotated >= 0, rotated <= headSize, rotated % 2 == 0 else {
            throw .inconsistent("it turns \(rotated) numbers of heads of \(headSize)")
        }
        return .pairsFromHalves(headSize: headSize, rotated: rotated)
    }
}
