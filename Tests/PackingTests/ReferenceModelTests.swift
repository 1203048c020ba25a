// SPDX-License-Identifier: Apache-2.0

import Artefacts
import Foundation
import LanguageModels
import ServingModel
import Testing

@Suite("Families of models, against transformers")
struct ReferenceModelTests {
    /// GGUF files of decoders; `encoders` and `folders` likewise.
    static let decoders = [
        "llama3", "llama-linear", "mistral", "qwen2", "qwen2-yarn", "qwen3", "gemma2", "gemma3", "phi3", "olmo2",
        "smollm3", "granite", "qwen3moe", "qwen2moe",
    ]

    static let encoders = ["bert", "nomic-bert"]

    static let folders = [
        "llama3", "mistral", "mistral-window", "qwen2", "qwen2-window", "qwen3", "gemma2", "gemma3", "gemma3-vision",
        "phi3-long",
        "phi3-short", "olmo2", "smollm3", "granite", "qwen3moe", "qwen2moe",
    ]

    static let files = decoders + encoders

    @Test("have its logits within one in a thousand of the largest at every position", arguments: files)
    func logits(_ name: String) throws {
        try ReferenceModel(named: name).expectOutputs()
    }

    @Test("have its logits from folders that it saved, too", arguments: folders + encoders)
    func folderLogits(_ name: String) throws {
        try ReferenceModel(folder: name).expectOutputs()
    }

    @Test("choose its 64 tokens at temperature 0", arguments: decoders)
    func greedy(_ name: String) throws {
        try ReferenceModel(named: name).expectAnswer()
    }

    @Test("choose its 64 tokens from folders, too", arguments: folders)
    func folderGreedy(_ name: String) throws {
        try ReferenceModel(folder: name).expectAnswer()
    }

    @Test("give the same bits however the text is cut into steps", arguments: decoders, [1, 7, 33])
    func cuts(_ name: String, _ chunk: Int) throws {
        let reference = try ReferenceModel(named: name)
        let packed = try Packed(reference.file)
        for keyValueType in KeyValueType.allCases {
            let whole = try SequenceRun(packed.artefact, keyValueType: keyValueType).outputs(after: reference.tokens)
            let run = try SequenceRun(packed.artefact, keyValueType: keyValueType)
            var cut: [[Float]] = []
            for start in stride(from: 0, to: reference.tokens.count, by: chunk) {
                cut += run.outputs(after: Array(reference.tokens[start...].prefix(chunk)))
            }
            #expect(cut.map { $0.map(\.bitPattern) } == whole.map { $0.map(\.bitPattern) })
        }
    }

    /// `make.py --shapes` makes as many as one likes; the fixtures stay few and small.
    @Test("agree in shapes drawn at random, where there is a folder of them")
    func drawnShapes() throws {
        guard let folder = ProcessInfo.processInfo.environment["DEEPFLOW_REFERENCE_MODELS"] else { return }
        let files = try FileManager.default.contentsOfDirectory(
            at: URL(fileURLWithPath: folder), includingPropertiesForKeys: nil)
        for file in files.filter({ $0.pathExtension == "logits" }).sorted(by: { $0.path < $1.path }) {
            let reference = try ReferenceModel(at: file.deletingPathExtension())
            let apart = try reference.expectOutputs(isDrawn: true)
            try reference.expectAnswer()
            print(file.deletingPathExtension().lastPathComponent, apart.single, apart.half, apart.bytes)
        }
    }
}

extension ReferenceModel {
    /// How far our numbers are from the others', as a share of the largest, with keys and values in 32, 16 and 8 bits.
    struct Distance {
        var single: Float = 0
        var half: Float = 0
        var bytes: Float = 0
    }

    /// Of models that were drawn nobody looked whether two experts suit a token almost as well, which rounding decides.
    @discardableResult
    func expectOutputs(isDrawn: Bool = false) throws -> Distance {
        let packed = try Packed(file)
        let distance = Distance(
            single: try distance(of: packed.artefact, .single), half: try distance(of: packed.artefact, .half),
            bytes: try distance(of: packed.artefact, .bytes))
        #expect(distance.single < 1e-5)
        // Nearly all of it is the rounding of keys and values, which those of F32 weights are spared, or of what is
        // multiplied with BF16 to BF16: each number is off by two in a thousand at most.
        let roundsMore = packed.artefact.tensor(.attentionQuery)?.layout == .panelBF16
        #expect(isDrawn || distance.half < (roundsMore ? 3e-2 : 5e-3))
        // Rounding of this size moves a token to another expert now and then.
        let choosesExperts = packed.artefact.configuration.experts.count > 0
        #expect(isDrawn || choosesExperts || distance.bytes < 6e-2)
        return distance
    }

    private func distance(of artefact: Artefact, _ keyValueType: KeyValueType) throws -> Float {
        let run = try SequenceRun(artefact, keyValueType: keyValueType, sequenceLength: tokens.count)
        return zip(run.outputs(after: tokens), outputs).map { ours, theirs in
            let scale = theirs.map(abs).max() ?? 0
            return (zip(ours, theirs).map { abs($0 - $1) }.max() ?? .infinity) / scale
        }
        .max() ?? .infinity
    }

    func expectAnswer() throws {
        let packed = try Packed(file)
        let run = try SequenceRun(packed.artefact, keyValueType: packed.artefact.configuration.keyValueType)
        var next = Array(tokens.prefix(Self.promptCount))
        var answer: [Int32] = []
        for _ in self.answer.indices {
            let last = try #require(run.outputs(after: next).last)
            let best = try #require(last.indices.max { last[$0] < last[$1] })
            next = [Int32(best)]
            answer += next
        }
        #expect(answer == self.answer)
    }
}
