// SPDX-License-Identifier: Apache-2.0

/// A special token in a text, with the white space that belongs to it.
struct SpecialMatch {
    let token: Int32
    let range: Range<Int>
}

/// A part of a text that is cut at its special tokens.
enum SpecialPiece {
    case token(Int32)
    case text(Range<Int>)
}

extension Tokenizer {
    /// A text cut at the special tokens of a table. Control tokens count only inside of `controlRanges`, which are
    /// ascending and without overlaps.
    func pieces(
        of text: UnsafeRawBufferPointer, at table: SpecialTable, controlRanges: [Range<Int>]
    ) -> [SpecialPiece] {
        var pieces: [SpecialPiece] = []
        var range = 0
        var fragment = 0
        var position = 0
        while position < text.count {
            while range < controlRanges.count, controlRanges[range].upperBound <= position { range += 1 }
            let inside = range < controlRanges.count && controlRanges[range].contains(position)
            let controlEnd = inside ? controlRanges[range].upperBound : position
            guard !table.range(from: text[position]).isEmpty,
                let match = match(in: text, at: position, table, controlEnd: controlEnd, floor: fragment)
            else {
                position += 1
                continue
            }
            if fragment < match.range.lowerBound { pieces.append(.text(fragment..<match.range.lowerBound)) }
            pieces.append(.token(match.token))
            position = match.range.upperBound
            fragment = position
        }
        if fragment < text.count { pieces.append(.text(fragment..<text.count)) }
        return pieces
    }

    /// The longest special token of a table that stands at a place of a text. Control tokens count only where they end
    /// before `controlEnd`; user-defined ones count everywhere. `floor` is where the fragment before it begins.
    private func match(
        in bytes: UnsafeRawBufferPointer, at start: Int, _ table: SpecialTable, controlEnd: Int, floor: Int
    ) -> SpecialMatch? {
        for index in table.range(from: bytes[start]) {
            let entry = table.entry(index)
            let limit = isControl(entry.token) ? controlEnd : bytes.count
            let size = entry.text.count
            guard size > 0, size <= limit - start, bytes[start..<start + size].elementsEqual(entry.text) else {
                continue
            }
            let end = start + size
            if entry.rule.contains(.singleWord), touchesWord(bytes, start, end) { continue }
            let first = entry.rule.contains(.stripsLeft) ? startOfSpace(in: bytes, before: start, floor: floor) : start
            let last = entry.rule.contains(.stripsRight) ? endOfSpace(in: bytes, from: end) : end
            return SpecialMatch(token: entry.token, range: first..<last)
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
