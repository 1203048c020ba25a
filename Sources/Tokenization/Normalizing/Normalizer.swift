// SPDX-License-Identifier: Apache-2.0

/// Applies the stored steps of normalisation to a fragment of text.
struct Normalizer: @unchecked Sendable {
    private struct Step {
        let code: UInt32
        let first: UnsafeRawBufferPointer
        let second: UnsafeRawBufferPointer
    }

    /// To how many times its size a text may grow, and by how much in any case. No tokenizer in use comes near it: the
    /// longest decomposition of a character has eighteen times its bytes. What is beyond stays as it was, so that rules
    /// which double a text again and again cost no more than the text's own size.
    private static let maxGrowth = 32
    private static let freeGrowth = 1 << 16

    private let steps: [Step]

    /// Reads `count` records; their texts lie in `bytes`.
    init(records: UnsafeRawBufferPointer, count: Int, bytes: UnsafeRawBufferPointer) throws(TokenizerError) {
        var steps: [Step] = []
        for index in 0..<count {
            let record = index * TokenizerFormat.stepRecordSize
            let code: UInt32 = records.number(record)
            let first = try Self.text(records, record + 4, bytes)
            let second = try Self.text(records, record + 12, bytes)
            guard (1...19).contains(code), ![9, 15].contains(code) || !first.isEmpty else {
                throw .damagedTables(field: "normalisation")
            }
            steps.append(Step(code: code, first: first, second: second))
        }
        self.steps = steps
    }

    var isEmpty: Bool { steps.isEmpty }

    /// Whether every text gets a space in front.
    var prependsSpace: Bool { steps.contains { $0.code == 8 && $0.first.elementsEqual([UInt8(ascii: " ")]) } }

    /// Changes a text step by step.
    func normalize(_ text: inout [UInt8]) {
        let limit = Self.freeGrowth + Self.maxGrowth * text.count
        for step in steps where !text.isEmpty { apply(step, to: &text, limit) }
    }

    private func apply(_ step: Step, to text: inout [UInt8], _ limit: Int) {
        switch step.code {
        case 1: text = UnicodeForm.decomposed(text, compatibly: false)
        case 2: text = UnicodeForm.composed(text, compatibly: false)
        case 3: text = UnicodeForm.decomposed(text, compatibly: true)
        case 4: text = UnicodeForm.composed(text, compatibly: true)
        case 5: text = CharacterChanges.lowercased(text)
        case 6: text = CharacterChanges.withoutMarks(text)
        case 7: text = CharacterChanges.cleaned(text)
        case 8: if text.count + step.first.count <= limit { text.insert(contentsOf: step.first, at: 0) }
        case 9, 15:
            text = CharacterChanges.replacing(
                text, step.first, by: step.second, repeated: step.code == 15, limit: limit)
        case 10...13:
            text = CharacterChanges.stripped(text, start: step.code == 11 || step.code == 13, end: step.code >= 12)
        case 14: text = CharacterMap(step.first).mapped(text, limit: limit)
        case 16: text = CharacterChanges.mergingSpaces(text)
        case 17: text = UnicodeForm.baseCharacters(text)
        case 18: text = CharacterChanges.blanked(text)
        default: text = CharacterChanges.withoutMarks(text, ofAllKinds: true)
        }
    }

    private static func text(
        _ records: UnsafeRawBufferPointer, _ offset: Int, _ bytes: UnsafeRawBufferPointer
    ) throws(TokenizerError) -> UnsafeRawBufferPointer {
        let start = Int(records.number(offset, as: UInt32.self))
        let size = Int(records.number(offset + 4, as: UInt32.self))
        guard start <= bytes.count, size <= bytes.count - start else { throw .damagedTables(field: "normalisation") }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<start + size])
    }
}
