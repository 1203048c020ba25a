// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import Checkpoints
internal import Tokenization

/// Turns a mapped checkpoint into an artefact. Memory: the checkpoint's metadata, the vocabulary's tables and one
/// panel of 32 rows, whatever the model's size.
struct ModelPacking {
    /// Called with the bytes of weights that are done and with all of them.
    typealias Progress = (_ done: UInt64, _ total: UInt64) -> Void

    /// Weights between two reports of a large tensor.
    private static let reportInterval: UInt64 = 16 << 20

    private let file: GGUFFile
    private let checkpoint: LlamaCheckpoint
    private let tensors: [(plan: TensorPlan, tensor: GGUFTensor)]
    private let progress: Progress
    private var done: UInt64 = 0
    private var reported: UInt64 = 0

    /// Reads a checkpoint and checks that all of it is understood, before anything is written.
    init(_ bytes: UnsafeRawBufferPointer, progress: @escaping Progress) throws(PackError) {
        let file = try packing(PackError.checkpoint) { () throws(CheckpointError) in try GGUFFile(bytes) }
        let architecture = try packing(PackError.checkpoint) { () throws(CheckpointError) in
            guard let name = try file.metadata.string("general.architecture") else {
                throw .missingMetadata(key: "general.architecture")
            }
            return name
        }
        guard let family = Architecture(named: architecture) else {
            throw .unsupportedArchitecture(architecture, known: Architecture.allCases.map(\.name))
        }
        self.file = file
        self.progress = progress
        checkpoint = try LlamaCheckpoint(file, architecture: family)
        tensors = try Self.matched(file, checkpoint.plans)
    }

    /// Writes the artefact to an empty file and returns what it holds.
    mutating func write(to descriptor: Int32) throws(PackError) -> PackedModel {
        let vocabulary = try VocabularyReading(file.metadata).vocabulary()
        guard vocabulary.tokens.count <= checkpoint.configuration.vocabularySize else {
            throw .inconsistent(
                "it has \(vocabulary.tokens.count) tokens and \(checkpoint.configuration.vocabularySize) embeddings")
        }
        let tables = try packing(PackError.tokenizer) { () throws(TokenizerError) in
            try TokenizerBuilder.section(for: vocabulary)
        }
        let template = try TemplateReading.program(file.metadata, vocabulary)
        let byteCount: UInt64
        do throws(ArtefactError) {
            var writer = try ArtefactWriter(descriptor: descriptor, configuration: checkpoint.configuration)
            try tables.withBytes { bytes throws(ArtefactError) in try writer.writeTokenizer(bytes) }
            try template.withBytes { bytes throws(ArtefactError) in try writer.writeChatTemplate(bytes) }
            for (plan, tensor) in tensors { try pack(tensor, plan, &writer) }
            byteCount = try writer.finish()
        } catch {
            throw .artefact(error)
        }
        return PackedModel(
            configuration: checkpoint.configuration, hasChatTemplate: !template.isEmpty, byteCount: byteCount,
            layout: mainLayout)
    }

    /// Every tensor of the file must have its place: a model with parts left out would answer wrongly.
    private static func matched(
        _ file: GGUFFile, _ plans: [TensorPlan]
    ) throws(PackError) -> [(plan: TensorPlan, tensor: GGUFTensor)] {
        var result: [(plan: TensorPlan, tensor: GGUFTensor)] = []
        var names: Set<String> = []
        for plan in plans {
            guard let tensor = try plan.tensor(in: file) else { continue }
            result.append((plan, tensor))
            names.insert(plan.name)
        }
        if let stranger = file.tensors.first(where: { !names.contains($0.name) }) {
            throw .unsupportedProperty("tensor '\(stranger.name)'")
        }
        return result
    }

    /// The layout of most weights.
    private var mainLayout: KernelLayout {
        var counts: [KernelLayout: Int] = [:]
        for (plan, tensor) in tensors where plan.rows != nil {
            counts[BlockTranscoding.layout(of: tensor.type), default: 0] += tensor.elementCount
        }
        // Equal counts are decided by the number, so that a checkpoint always gives the same summary.
        return counts.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key ?? .panelF32
    }

    private var total: UInt64 {
        tensors.reduce(0) { $0 + UInt64($1.tensor.data.count) }
    }

    private mutating func pack(
        _ tensor: GGUFTensor, _ plan: TensorPlan, _ writer: inout ArtefactWriter
    ) throws(ArtefactError) {
        if let rows = plan.rows {
            try packMatrix(tensor, plan, rows: rows, &writer)
        } else {
            try packVector(tensor, plan, &writer)
        }
        progress(done, total)
        reported = done
    }

    private mutating func packVector(
        _ tensor: GGUFTensor, _ plan: TensorPlan, _ writer: inout ArtefactWriter
    ) throws(ArtefactError) {
        try writer.beginTensor(plan.role, layer: plan.layer, layout: .vectorF32, rows: 1, columns: plan.columns)
        let numbers = try Self.numbers(tensor)
        if plan.role == .ropeFactors, !numbers.allSatisfy({ $0.isFinite && $0 > 0 }) {
            throw .invalidField("tensor '\(tensor.name)'", value: "not a set of factors", expected: "positive numbers")
        }
        let bytes = numbers.withUnsafeBytes { Array($0) }
        try bytes.withBytes { bytes throws(ArtefactError) in try writer.append(bytes) }
        try writer.endTensor()
        done += UInt64(tensor.data.count)
    }

    /// The numbers of a vector, which no file stores quantised.
    private static func numbers(_ tensor: GGUFTensor) throws(ArtefactError) -> [Float] {
        func bits(_ index: Int) -> UInt16 {
            UInt16(littleEndian: tensor.data.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
        }
        switch tensor.type {
        case .f32:
            return (0..<tensor.columns).map {
                Float(
                    bitPattern: UInt32(
                        littleEndian: tensor.data.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
            }
        case .f16: return (0..<tensor.columns).map { Float(Float16(bitPattern: bits($0))) }
        case .bf16: return (0..<tensor.columns).map { Float(bitPattern: UInt32(bits($0)) << 16) }
        default:
            throw .invalidField("vector '\(tensor.name)'", value: tensor.type.name, expected: "F32, F16 or BF16")
        }
    }

    private mutating func packMatrix(
        _ tensor: GGUFTensor, _ plan: TensorPlan, rows: Int, _ writer: inout ArtefactWriter
    ) throws(ArtefactError) {
        let layout = BlockTranscoding.layout(of: tensor.type)
        try writer.beginTensor(plan.role, layer: plan.layer, layout: layout, rows: rows, columns: plan.columns)
        guard let panelByteCount = layout.panelByteCount(columns: plan.columns) else {
            preconditionFailure("the writer accepted a shape that \(layout) does not have")
        }
        let panel = UnsafeMutableRawBufferPointer.allocate(byteCount: panelByteCount, alignment: 64)
        defer { panel.deallocate() }
        let pack = Self.panelPacking(tensor.type, layout, columns: plan.columns)
        // 32 rows of the checkpoint, which are as large as it stores them.
        let chunk = tensor.data.count / rows * KernelLayout.panelRows
        var start = 0
        while start < tensor.data.count {
            let end = min(start + chunk, tensor.data.count)
            pack(UnsafeRawBufferPointer(rebasing: tensor.data[start..<end]), panel)
            try writer.append(UnsafeRawBufferPointer(panel))
            done += UInt64(end - start)
            start = end
            if done - reported >= Self.reportInterval {
                progress(done, total)
                reported = done
            }
        }
        try writer.endTensor()
    }

    /// Fills a panel from 32 rows, or fewer at the end, of a type.
    private static func panelPacking(
        _ type: GGUFTensorType, _ layout: KernelLayout, columns: Int
    ) -> (UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer) -> Void {
        if type.blockElementCount == 1 {
            let packing = PanelPacking(columns: columns, layout: layout)
            return { packing.pack(rows: $0, into: $1) }
        }
        let transcoding = BlockTranscoding(type, columns: columns)
        return { transcoding.pack(rows: $0, into: $1) }
    }
}
