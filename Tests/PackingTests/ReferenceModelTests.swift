// SPDX-License-Identifier: Apache-2.0

import Artefacts
import Testing

@Suite("Families of models, against transformers")
struct ReferenceModelTests {
    static let names = ["llama3", "llama-linear", "mistral", "qwen2", "qwen3"]

    static let folders = ["llama3", "mistral", "qwen2", "qwen3"]

    @Test("have its logits within one in a thousand of the largest at every position", arguments: names)
    func logits(_ name: String) throws {
        try expectLogits(try ReferenceModel(named: name))
    }

    @Test("have its logits from folders that it saved, too", arguments: folders)
    func folderLogits(_ name: String) throws {
        try expectLogits(try ReferenceModel(folder: name))
    }

    @Test("choose its 64 tokens at temperature 0", arguments: names)
    func greedy(_ name: String) throws {
        try expectAnswer(try ReferenceModel(named: name))
    }

    @Test("choose its 64 tokens from folders, too", arguments: folders)
    func folderGreedy(_ name: String) throws {
        try expectAnswer(try ReferenceModel(folder: name))
    }

    private func expectLogits(_ reference: ReferenceModel) throws {
        let packed = try Packed(reference.file)
        let found = try SequenceRun(packed.artefact).logits(after: reference.tokens)
        var worst: Float = 0
        for (ours, theirs) in zip(found, reference.logits) {
            let scale = theirs.map(abs).max() ?? 0
            worst = max(worst, (zip(ours, theirs).map { abs($0 - $1) }.max() ?? .infinity) / scale)
        }
        // Nearly all of it is the rounding of keys and values to halves.
        #expect(worst < 1e-3)
    }

    private func expectAnswer(_ reference: ReferenceModel) throws {
        let packed = try Packed(reference.file)
        let run = try SequenceRun(packed.artefact)
        var next = Array(reference.tokens.prefix(ReferenceModel.promptCount))
        var answer: [Int32] = []
        for _ in 0..<ReferenceModel.positions {
            let last = try #require(run.logits(after: next).last)
            let best = try #require(last.indices.max { last[$0] < last[$1] })
            next = [Int32(best)]
            answer += next
        }
        #expect(answer == reference.answer)
    }

    @Test("give the same bits however the text is cut into steps", arguments: names, [1, 7, 33])
    func cuts(_ name: String, _ chunk: Int) throws {
        let reference = try ReferenceModel(named: name)
        let packed = try Packed(reference.file)
        let whole = try SequenceRun(packed.artefact).logits(after: reference.tokens)
        let run = try SequenceRun(packed.artefact)
        var cut: [[Float]] = []
        for start in stride(from: 0, to: reference.tokens.count, by: chunk) {
            cut += run.logits(after: Array(reference.tokens[start...].prefix(chunk)))
        }
        #expect(cut.map { $0.map(\.bitPattern) } == whole.map { $0.map(\.bitPattern) })
    }
}
