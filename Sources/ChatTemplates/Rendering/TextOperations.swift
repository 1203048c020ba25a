// SPDX-License-Identifier: Apache-2.0

/// What strings can do: Python's methods of `str`, and the filters that take a text.
struct TextOperations {
    let values: ValueOperations

    var budget: RenderBudget { values.budget }

    /// The value of a method of strings; each does what Python's `str` does.
    func textMethod(
        _ name: MethodName, of text: MarkedText, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        switch name {
        case .strip: return .text(strip(text, arguments, start: true, end: true))
        case .lstrip: return .text(strip(text, arguments, start: true, end: false))
        case .rstrip: return .text(strip(text, arguments, start: false, end: true))
        case .upper: return .text(CaseMapping.upper(text))
        case .lower, .casefold: return .text(CaseMapping.lower(text))
        case .capitalize: return .text(CaseMapping.capitalized(text))
        case .title: return .text(CaseMapping.titled(text))
        case .swapcase: return .text(CaseMapping.swapped(text))
        case .isdigit, .isdecimal, .isnumeric, .isalpha, .isalnum, .isspace, .islower, .isupper, .isascii:
            return .boolean(CharacterTests.hold(name, text.string))
        case .split, .rsplit, .splitlines, .partition, .rpartition:
            return try divided(name, text, arguments, place)
        case .center, .ljust, .rjust, .zfill: return .text(try padded(name, text, arguments, place))
        case .replace: return .text(try replaced(text, arguments, place))
        case .format: return .text(try filled(text, arguments, place))
        case .join:
            guard let list = arguments.positional.first else { throw .rendering("'join' needs a list", place) }
            let elements = try values.elements(of: list, place)
            guard elements.allSatisfy({ $0.text != nil }) else { throw .rendering("'join' needs strings", place) }
            return .text(try values.joined(elements, by: text, place))
        case .startswith, .endswith, .find, .rfind, .index, .rindex, .count, .removeprefix, .removesuffix:
            return try search(name, in: text, arguments, place)
        case .items, .keys, .values, .get, .copy, .cycle, .changed, .append:
            throw .rendering("a string has no method '\(name.rawValue)'", place)
        }
    }

    private func strip(_ text: MarkedText, _ arguments: CallArguments, start: Bool, end: Bool) -> MarkedText {
        guard let set = arguments.value(0, "chars")?.text else {
            return text.trimmed(start: start, end: end, where: MarkedText.isSpace)
        }
        let scalars = Set(set.string.unicodeScalars)
        return text.trimmed(start: start, end: end) { scalars.contains($0) }
    }

    private func padded(
        _ name: MethodName, _ text: MarkedText, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> MarkedText {
        guard let width = arguments.value(0, "width")?.wholeNumber else {
            throw .rendering("a width is missing", place)
        }
        let count = text.characterOffsets.count - 1
        guard width > count else { return text }
        try budget.charge(bytes: width, place)
        let missing = width - count
        let filling = arguments.value(1, "fillchar")?.text?.string ?? (name == .zfill ? "0" : " ")
        guard filling.unicodeScalars.count == 1 else { throw .rendering("one character is needed to fill up", place) }
        // Of an odd rest the smaller half stands before the text where the width is even.
        let before =
            switch name {
            case .center: missing / 2 + (missing & width & 1)
            case .ljust: 0
            default: missing
            }
        var result = MarkedText()
        var rest = text
        if name == .zfill, let sign = text.bytes.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            result.append(text.part(0..<1))
            rest = text.part(1..<text.bytes.count)
        }
        result.append(MarkedText(String(repeating: filling, count: before), .template))
        result.append(rest)
        result.append(MarkedText(String(repeating: filling, count: missing - before), .template))
        return result
    }

    /// `replace(old, new, count=-1)`
    func replaced(
        _ text: MarkedText, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> MarkedText {
        guard let old = arguments.value(0, "old")?.text, let new = arguments.value(1, "new")?.text
        else { throw .rendering("'replace' needs two strings", place) }
        let most = arguments.value(2, "count")?.wholeNumber ?? -1
        guard !old.bytes.isEmpty else { return try interleaved(text, new, most: most, place) }
        try budget.charge(searching: text, for: old, place)
        var result = MarkedText()
        var start = 0
        var count = 0
        while most < 0 || count < most, let found = text.firstOffset(of: old.bytes, from: start) {
            result.append(text.part(start..<found))
            result.append(new)
            start = found + old.bytes.count
            count += 1
            try budget.checkSize(result.bytes.count, place)
            try budget.charge(1 + new.bytes.count / 64, place)
        }
        result.append(text.part(start..<text.bytes.count))
        try budget.charge(bytes: result.bytes.count, place)
        return result
    }

    /// What replacing an empty string does: the new one before each character, and at the end.
    private func interleaved(
        _ text: MarkedText, _ new: MarkedText, most: Int, _ place: SourcePosition
    ) throws(ChatTemplateError) -> MarkedText {
        var result = MarkedText()
        let offsets = text.characterOffsets
        for (index, offset) in offsets.enumerated() {
            try budget.charge(1 + new.bytes.count / 64, place)
            if most < 0 || index < most { result.append(new) }
            if index + 1 < offsets.count { result.append(text.part(offset..<offsets[index + 1])) }
            try budget.checkSize(result.bytes.count, place)
        }
        return result
    }
}
