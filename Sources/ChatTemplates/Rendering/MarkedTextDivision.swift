// SPDX-License-Identifier: Apache-2.0

/// How a text falls into parts.
extension MarkedText {
    /// The parts between separators; `most` is how often it is cut, below 0 without a bound.
    func split(at separator: MarkedText, most: Int) -> [MarkedText] {
        var parts: [MarkedText] = []
        var start = 0
        while most < 0 || parts.count < most, let found = firstOffset(of: separator.bytes, from: start) {
            parts.append(part(start..<found))
            start = found + separator.bytes.count
        }
        return parts + [part(start..<bytes.count)]
    }

    /// The same, cut from the end on.
    func splitFromEnd(at separator: MarkedText, most: Int) -> [MarkedText] {
        var parts: [MarkedText] = []
        var end = bytes.count
        while most < 0 || parts.count < most, let found = lastOffset(of: separator.bytes, before: end) {
            parts.append(part(found + separator.bytes.count..<end))
            end = found
        }
        return (parts + [part(0..<end)]).reversed()
    }

    /// Runs of characters between white space; the last one of a limited count keeps all that follows, or precedes, it.
    func words(most: Int, fromEnd: Bool) -> [MarkedText] {
        var ranges: [Range<Int>] = []
        var start: Int?
        var offset = 0
        for scalar in string.unicodeScalars {
            if MarkedText.isSpace(scalar) {
                if let begin = start { ranges.append(begin..<offset) }
                start = nil
            } else if start == nil {
                start = offset
            }
            offset += UTF8.width(scalar)
        }
        if let start { ranges.append(start..<offset) }
        guard most >= 0, ranges.count - 1 > most else { return ranges.map { part($0) } }
        if fromEnd {
            let rest = part(0..<ranges[ranges.count - most - 1].upperBound)
            return [rest] + ranges.suffix(most).map { part($0) }
        }
        return ranges.prefix(most).map { part($0) } + [part(ranges[most].lowerBound..<bytes.count)]
    }

    /// The lines of a text, by all that Python takes for the end of one.
    func lines(keepsEnds: Bool) -> [MarkedText] {
        var result: [MarkedText] = []
        var start = 0
        var offset = 0
        var endsWithReturn = false
        for scalar in string.unicodeScalars {
            let next = offset + UTF8.width(scalar)
            if endsWithReturn {
                endsWithReturn = false
                result.append(part(start..<(keepsEnds ? (scalar == "\n" ? next : offset) : offset - 1)))
                start = scalar == "\n" ? next : offset
                if scalar == "\n" {
                    offset = next
                    continue
                }
            }
            switch scalar.value {
            case 0x0D: endsWithReturn = true
            case 0x0A, 0x0B, 0x0C, 0x1C, 0x1D, 0x1E, 0x85, 0x2028, 0x2029:
                result.append(part(start..<(keepsEnds ? next : offset)))
                start = next
            default: break
            }
            offset = next
        }
        if endsWithReturn {
            result.append(part(start..<(keepsEnds ? offset : offset - 1)))
        } else if start < offset {
            result.append(part(start..<offset))
        }
        return result
    }
}
