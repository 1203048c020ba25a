// SPDX-License-Identifier: Apache-2.0

/// Words as WordPiece knows them: white space separates and is dropped, each mark of punctuation and each Chinese
/// character is a word of its own.
struct BasicWords {
    let text: UnsafeRawBufferPointer

    /// The next word from a place on; nil at the end.
    func word(from start: Int) -> Range<Int>? {
        var index = start
        while let next = look(index), next.kind == .space { index = next.end }
        guard let first = look(index) else { return nil }
        if first.kind == .alone { return index..<first.end }
        var end = first.end
        while let next = look(end), next.kind == .inner { end = next.end }
        return index..<end
    }

    private enum Kind {
        case space, alone, inner
    }

    private func look(_ index: Int) -> (kind: Kind, end: Int)? {
        guard index < text.count else { return nil }
        switch UTF8Decoding.character(in: text, at: index) {
        case .scalar(let scalar, let size): return (Self.kind(of: scalar), index + size)
        case .incomplete, .invalid: return (.inner, index + 1)
        }
    }

    private static func kind(of scalar: UInt32) -> Kind {
        switch scalar {
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: return .alone
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
            0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
            return .alone
        default: break
        }
        switch CharacterClass(of: scalar) {
        case .whiteSpace, .newline: return .space
        case .letter, .number: return .inner
        case .other: return scalar >= 0x80 && DetailedCategory(of: scalar) == .punctuation ? .alone : .inner
        }
    }
}
