// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import LanguageModels
internal import Messages
internal import ServingModel
internal import Tokenization

/// Turns a mapped checkpoint into an artefact. Memory: the checkpoint's metadata, the vocabulary's tables and one
/// panel of 32 rows, whatever the model's size.
struct ModelPacking {
    private let source: any CheckpointSource
    private let configuration: ModelConfiguration
    private let tensors: [(plan: TensorPlan, tensor: SourceTensor)]
    private let progress: TensorPacking.Progress

    /// Reads a checkpoint and checks that all of it is understood, before anything is written.
    init(_ bytes: UnsafeRawBufferPointer, progress: @escaping TensorPacking.Progress) throws(PackError) {
        source = try Self.source(bytes)
        self.progress = progress
        let checkpoint = try TransformerCheckpoint(source)
        tensors = try Self.matched(source, checkpoint.plans)
        var configuration = checkpoint.configuration
        configuration.keyValueType = Self.mainLayout(tensors) == .panelF32 ? .single : .half
        self.configuration = configuration
    }

    /// Writes the artefact to an empty file and returns what it holds.
    func write(to descriptor: Int32) throws(PackError) -> PackedModel {
        var vocabulary = try source.vocabulary()
        guard
            vocabulary.tokens.count <= configuration.vocabularySize
                || vocabulary.dropAdded(beyond: configuration.vocabularySize)
        else {
            throw .inconsistent(
                "it has \(vocabulary.tokens.count) tokens and \(configuration.vocabularySize) embeddings")
        }
        guard !vocabulary.endTokens.isEmpty || source.architecture.isEncoder else {
            throw .inconsistent(
                "no token ends an answer ('eos_token_id' in generation_config.json, 'tokenizer.ggml.eos_token_id' in GGUF)"
            )
        }
        let tables = try packing(PackError.tokenizer) { () throws(TokenizerError) in
            try TokenizerBuilder.section(for: vocabulary)
        }
        let template = try TemplateReading.program(try source.chatTemplate(), vocabulary)
        var writer = try packing(PackError.artefact) { () throws(ArtefactError) in
            var writer = try ArtefactWriter(descriptor: descriptor, configuration: configuration)
            try tables.withBytes { bytes throws(ArtefactError) in try writer.writeTokenizer(bytes) }
            try template.withBytes { bytes throws(ArtefactError) in try writer.writeChatTemplate(bytes) }
            return writer
        }
        var work = TensorPacking(total: tensors.reduce(0) { $0 + UInt64($1.tensor.byteCount) }, progress: progress)
        for (plan, tensor) in tensors { try work.pack(tensor, plan, &writer) }
        let byteCount = try packing(PackError.artefact) { () throws(ArtefactError) in try writer.finish() }
        return PackedModel(
            configuration: configuration, hasChatTemplate: !template.isEmpty, byteCount: byteCount,
            layout: Self.mainLayout(tensors), sampling: try source.samplingDefaults())
    }

    private static func source(_ bytes: UnsafeRawBufferPointer) throws(PackError) -> any CheckpointSource {
        guard CheckpointBundle.isBundle(bytes) else { return try GGUFSource([bytes]) }
        let files = try FolderFiles(bytes)
        let parts = files.names.filter { $0.hasSuffix(".gguf") }
        guard parts.isEmpty else { return try GGUFSource(parts.compactMap { files[$0] }) }
        return try HuggingFaceSource(files)
    }

    /// Every tensor of the checkpoint must have its place: a model with parts left out would answer wrongly.
    private static func matched(
        _ source: any CheckpointSource, _ plans: [TensorPlan]
    ) throws(PackError) -> [(plan: TensorPlan, tensor: SourceTensor)] {
        var result: [(plan: TensorPlan, tensor: SourceTensor)] = []
        var names: Set<String> = []
        for plan in plans {
            guard let tensor = try plan.tensor(in: source) else { continue }
            result.append((plan, tensor))
            names.insert(plan.name)
        }
        // The first by name, so that a checkpoint always gives the same message.
        if let stranger = source.tensors.filter({ !names.contains($0.key) }).map(\.value.name).min() {
            throw .unsupportedProperty("tensor '\(stranger)'")
        }
        return result
    }

    /// The layout of most weights.
    private static func mainLayout(_ tensors: [(plan: TensorPlan, tensor: SourceTensor)]) -> KernelLayout {
        var counts: [KernelLayout: Int] = [:]
        for (plan, tensor) in tensors where plan.rows != nil {
            counts[BlockTranscoding.layout(of: tensor.type), default: 0] += tensor.elementCount
        }
        // Equal counts are decided by the number, so that a checkpoint always gives the same summary.
        return counts.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key ?? .panelF32
    }
}
