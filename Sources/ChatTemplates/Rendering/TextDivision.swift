// SPDX-License-Identifier: Apache-2.0

/// Methods that cut a string into parts.
extension TextOperations {
    /// `split`, `rsplit`, `splitlines`, `partition` and `rpartition`.
    func divided(
        _ name: MethodName, _ text: MarkedText, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        switch name {
        case .splitlines:
            let keepsEnds = arguments.value(0, "keepends")?.isTrue ?? false
            let lines = text.lines(keepsEnds: keepsEnds)
            try budget.charge(lines.count, place)
            return .list(lines.map { .text($0) })
        case .partition, .rpartition: return try parted(name, text, arguments, place)
        default: break
        }
        let most = arguments.value(1, "maxsplit")?.wholeNumber ?? -1
        var parts: [MarkedText]
        if let separator = arguments.value(0, "sep")?.text {
            guard !separator.bytes.isEmpty else { throw .rendering("an empty separator", place) }
            try budget.charge(searching: text, for: separator, place)
            parts =
                name == .split
                ? text.split(at: separator, most: most) : text.splitFromEnd(at: separator, most: most)
        } else {
            parts = text.words(most: most, fromEnd: name == .rsplit)
        }
        try budget.charge(parts.count, place)
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
}
