// SPDX-License-Identifier: Apache-2.0

/// Methods that look for a string in a string.
extension TextOperations {
    /// `find`, `count`, `startswith` and their relatives. Places are counted in characters.
    func search(
        _ name: MethodName, in whole: MarkedText, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        let hasBounds = name != .removeprefix && name != .removesuffix && arguments.positional.count > 1
        guard hasBounds else { return try search(name, in: whole, offset: 0, arguments, place) }
        let offsets = whole.characterOffsets
        let bounds = SliceBounds(
            start: arguments.positional[1].wholeNumber,
            stop: arguments.positional.count > 2 ? arguments.positional[2].wholeNumber : nil, step: nil)
        let range = bounds.range(count: offsets.count - 1)
        let part = whole.part(offsets[range.lowerBound]..<offsets[range.upperBound])
        return try search(name, in: part, offset: range.lowerBound, arguments, place)
    }

    private func search(
        _ name: MethodName, in text: MarkedText, offset: Int, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        switch name {
        case .startswith: return .boolean(try hasEdge(text, arguments, place) { $0.starts(with: $1) })
        case .endswith:
            return .boolean(try hasEdge(text, arguments, place) { $0.reversed().starts(with: $1.reversed()) })
        case .removeprefix, .removesuffix: return .text(try withoutEdge(name, text, arguments, place))
        default: break
        }
        let pattern = try pattern(arguments, in: text, place)
        if name == .count { return .integer(try count(of: pattern, in: text, place)) }
        let isFirst = name == .find || name == .index
        let found: Int?
        if pattern.bytes.isEmpty {
            found = isFirst ? 0 : text.bytes.count
        } else {
            found = isFirst ? text.firstOffset(of: pattern.bytes) : text.lastOffset(of: pattern.bytes)
        }
        guard let found else {
            if name == .find || name == .rfind { return .integer(-1) }
            throw .rendering("the string does not hold what is looked for", place)
        }
        return .integer(offset + text.bytes[..<found].lazy.filter { $0 & 0xC0 != 0x80 }.count)
    }

    /// The string that a method looks for; the search for it is counted.
    func pattern(
        _ arguments: CallArguments, in text: MarkedText, _ place: SourcePosition
    ) throws(ChatTemplateError) -> MarkedText {
        guard let pattern = arguments.positional.first?.text else {
            throw .rendering("a string to look for is missing", place)
        }
        try budget.charge(searching: text, for: pattern, place)
        return pattern
    }

    private func count(
        of pattern: MarkedText, in text: MarkedText, _ place: SourcePosition
    ) throws(ChatTemplateError) -> Int {
        guard !pattern.bytes.isEmpty else { return text.characterOffsets.count }
        var count = 0
        var start = 0
        while let found = text.firstOffset(of: pattern.bytes, from: start) {
            count += 1
            start = found + pattern.bytes.count
        }
        return count
    }

    private func withoutEdge(
        _ name: MethodName, _ text: MarkedText, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> MarkedText {
        let pattern = try pattern(arguments, in: text, place)
        let size = text.bytes.count - pattern.bytes.count
        if name == .removeprefix, text.bytes.starts(with: pattern.bytes) {
            return text.part(pattern.bytes.count..<text.bytes.count)
        }
        if name == .removesuffix, size >= 0, text.bytes[size...].elementsEqual(pattern.bytes) {
            return text.part(0..<size)
        }
        return text
    }

    private func hasEdge(
        _ text: MarkedText, _ arguments: CallArguments, _ place: SourcePosition,
        _ matches: ([UInt8], [UInt8]) -> Bool
    ) throws(ChatTemplateError) -> Bool {
        switch arguments.positional.first {
        case .text(let edge)?: return matches(text.bytes, edge.bytes)
        case .sequence(let edges)? where edges.isTuple:
            try budget.charge(edges.elements.count, place)
            return edges.elements.contains { edge in edge.text.map { matches(text.bytes, $0.bytes) } ?? false }
        default: throw .rendering("a string to compare with is missing", place)
        }
    }
}
