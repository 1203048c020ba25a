// SPDX-License-Identifier: Apache-2.0

/// Methods that cut a string into parts.
extension Renderer {
    /// `split`, `rsplit`, `splitlines`, `partition` and `rpartition`.
    func divided(
        _ name: MethodName, _ text: MarkedText, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        switch name {
        case .splitlines:
            let keepsEnds = arguments.value(0, "keepends")?.isTrue ?? false
            let lines = lines(of: text, keepsEnds: keepsEnds)
            try charge(lines.count, place)
            return .list(lines.map { .text($0) })
        case .partition, .rpartition: return try parted(name, text, arguments, place)
        default: break
        }
        let most = arguments.value(1, "maxsplit")?.wholeNumber ?? -1
        var parts: [MarkedText]
        if let separator = arguments.value(0, "sep")?.text {
            guard !separator.bytes.isEmpty else { throw .rendering("an empty separator", place) }
            try charge(searching: text, for: separator, place)
            parts =
                name == .split
                ? split(text, at: separator, most: most) : splitFromEnd(text, at: separator, most: most)
        } else {
            parts = words(text, most: most, fromEnd: name == .rsplit)
        }
        try charge(parts.count, place)
        return .list(parts.map { .text($0) })
    }

    private func parted(
        _ name: MethodName, _ text: MarkedText, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        let separator = try pattern(arguments, in: text, place)
        guard !separator.bytes.isEmpty else { throw .rendering("an empty separator", place) }
        let found =
            name == .partition ? text.firstOffset(of: separator.bytes) : text.lastOffset(of: separator.bytes)
        guard let found else {
            let empty = TemplateValue.own("")
            return .tuple(name == .partition ? [.text(text), empty, empty] : [empty, empty, .text(text)])
        }
        let rest = text.part(found + separator.bytes.count..<text.bytes.count)
        return .tuple([.text(text.part(0..<found)), .text(separator), .text(rest)])
    }

    private func split(_ text: MarkedText, at separator: MarkedText, most: Int) -> [MarkedText] {
        var parts: [MarkedText] = []
        var start = 0
        while most < 0 || parts.count < most, let found = text.firstOffset(of: separator.bytes, from: start) {
            parts.append(text.part(start..<found))
            start = found + separator.bytes.count
        }
        return parts + [text.part(start..<text.bytes.count)]
    }

    private func splitFromEnd(_ text: MarkedText, at separator: MarkedText, most: Int) -> [MarkedText] {
        var parts: [MarkedText] = []
        var end = text.bytes.count
        while most < 0 || parts.count < most, let found = text.lastOffset(of: separator.bytes, before: end) {
            parts.append(text.part(found + separator.bytes.count..<end))
            end = found
        }
        return (parts + [text.part(0..<end)]).reversed()
    }

    /// Runs of characters between white space; the last one of a limited count keeps all that follows, or precedes, it.
    private func words(_ text: MarkedText, most: Int, fromEnd: Bool) -> [MarkedText] {
        var ranges: [Range<Int>] = []
        var start: Int?
        var offset = 0
        for scalar in text.string.unicodeScalars {
            if MarkedText.isSpace(scalar) {
                if let begin = start { ranges.append(begin..<offset) }
                start = nil
            } else if start == nil {
                start = offset
            }
            offset += UTF8.width(scalar)
        }
        if let start { ranges.append(start..<offset) }
        guard most >= 0, ranges.count - 1 > most else { return ranges.map { text.part($0) } }
        if fromEnd {
            let rest = text.part(0..<ranges[ranges.count - most - 1].upperBound)
            return [rest] + ranges.suffix(most).map { text.part($0) }
        }
        return ranges.prefix(most).map { text.part($0) } + [text.part(ranges[most].lowerBound..<text.bytes.count)]
    }

    /// The lines of a text, by all that Python takes for the end of one.
    private func lines(of text: MarkedText, keepsEnds: Bool) -> [MarkedText] {
        var result: [MarkedText] = []
        var start = 0
        var offset = 0
        var endsWithReturn = false
        for scalar in text.string.unicodeScalars {
            let next = offset + UTF8.width(scalar)
            if endsWithReturn {
                endsWithReturn = false
                result.append(text.part(start..<(keepsEnds ? (scalar == "\n" ? next : offset) : offset - 1)))
                start = scalar == "\n" ? next : offset
                if scalar == "\n" {
                    offset = next
                    continue
                }
            }
            switch scalar.value {
            case 0x0D: endsWithReturn = true
            case 0x0A, 0x0B, 0x0C, 0x1C, 0x1D, 0x1E, 0x85, 0x2028, 0x2029:
                result.append(text.part(start..<(keepsEnds ? next : offset)))
                start = next
            default: break
            }
            offset = next
        }
        if endsWithReturn {
            result.append(text.part(start..<(keepsEnds ? offset : offset - 1)))
        } else if start < offset {
            result.append(text.part(start..<offset))
        }
        return result
    }
}
