// SPDX-License-Identifier: Apache-2.0

/// A special token in a text, with the white space that belongs to it.
struct SpecialMatch {
    let token: Int32
    let range: Range<Int>
}

extension Tokenizer {
    /// The longest special token that stands at a place of a text. Control tokens count only where they end before
    /// `controlEnd`; user-defined ones count everywhere. `floor` is where the fragment before it begins.
    func special(
        in bytes: UnsafeRawBufferPointer, at start: Int, controlEnd: Int, floor: Int
    ) -> SpecialMatch? {
        for index in specialRange(from: bytes[start]) {
            let (token, rule) = special(index)
            let limit = isControl(token) ? controlEnd : bytes.count
            let text = text(of: token)
            guard !text.isEmpty, text.count <= limit - start,
                bytes[start..<start + text.count].elementsEqual(text)
            else { continue }
            let end = start + text.count
            if rule.contains(.singleWord), touchesWord(bytes, start, end) { continue }
            let first = rule.contains(.stripsLeft) ? startOfSpace(in: bytes, before: start, floor: floor) : start
            let last = rule.contains(.stripsRight) ? endOfSpace(in: bytes, from: end) : end
            return SpecialMatch(token: token, range: first..<last)
        }
        return nil
    }

    private func touchesWord(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> Bool {
        if start > 0, isWord(bytes, startOfCharacter(in: bytes, before: start)) { return true }
        return end < bytes.count && isWord(bytes, end)
    }

    private func isWord(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Bool {
        guard case .scalar(let scalar, _) = UTF8Decoding.character(in: bytes, at: index) else { return false }
        guard let properties = Unicode.Scalar(scalar)?.properties else { return false }
        if properties.isAlphabetic || properties.isJoinControl { return true }
        switch properties.generalCategory {
        case .decimalNumber, .connectorPunctuation, .nonspacingMark, .spacingMark, .enclosingMark: return true
        default: return false
        }
    }

    private func startOfCharacter(in bytes: UnsafeRawBufferPointer, before index: Int) -> Int {
        var start = index - 1
        while start > 0, start > index - 4, bytes[start] & 0xC0 == 0x80 { start -= 1 }
        return start
    }

    private func startOfSpace(in bytes: UnsafeRawBufferPointer, before index: Int, floor: Int) -> Int {
        var start = index
        while start > floor {
            let previous = startOfCharacter(in: bytes, before: start)
            guard previous >= floor, isSpace(bytes, previous) else { return start }
            start = previous
        }
        return start
    }

    private func endOfSpace(in bytes: UnsafeRawBufferPointer, from index: Int) -> Int {
        var end = index
        while end < bytes.count, isSpace(bytes, end) { end += Self.sizeOfCharacter(in: bytes, at: end) }
        return end
    }

    private func isSpace(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Bool {
        guard case .scalar(let scalar, _) = UTF8Decoding.character(in: bytes, at: index) else { return false }
        return CharacterClass(of: scalar).isSpace
    }
}
