// SPDX-License-Identifier: Apache-2.0

/// Filters of strings.
extension TextOperations {
    /// The value of a filter that takes any value as its text.
    func applyToText(
        _ name: FilterName, _ text: MarkedText, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        switch name {
        case .trim: return try textMethod(.strip, of: text, arguments, place)
        case .upper: return .text(CaseMapping.upper(text))
        case .lower: return .text(CaseMapping.lower(text))
        case .capitalize: return .text(CaseMapping.capitalized(text))
        case .title: return .text(CaseMapping.wordsTitled(text))
        case .replace:
            guard let old = arguments.value(0, "old"), let new = arguments.value(1, "new") else {
                throw .rendering("'replace' needs two strings", place)
            }
            var parts: [TemplateValue] = [.text(try values.printed(old, place)), .text(try values.printed(new, place))]
            if let count = arguments.value(2, "count")?.wholeNumber { parts.append(.integer(count)) }
            return .text(try replaced(text, CallArguments(positional: parts), place))
        case .escape, .e, .forceescape: return .text(text.mapParts(Self.escaped))
        case .urlencode: return .text(text.mapParts(Self.percentEncoded))
        case .wordcount: return .integer(Self.wordCount(text))
        case .center:
            let width = arguments.value(0, "width") ?? .integer(80)
            return try textMethod(.center, of: text, CallArguments(positional: [width]), place)
        case .indent: return .text(try indented(text, arguments, place))
        case .truncate: return .text(try truncated(text, arguments, place))
        case .format:
            let value: TemplateValue =
                arguments.named.isEmpty ? .tuple(arguments.positional) : .dictionary(arguments.namedEntries)
            return .text(try formatted(text, with: value, place))
        default: return .text(text)
        }
    }

    private static func escaped(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "'": result += "&#39;"
            case "\"": result += "&#34;"
            default: result.unicodeScalars.append(scalar)
            }
        }
    }

    private static func percentEncoded(_ text: String) -> String {
        text.utf8.reduce(into: "") { result, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "~"), UInt8(ascii: "/"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += "%" + (digits.utf8.count < 2 ? "0" : "") + digits
            }
        }
    }

    /// Runs of letters, digits and underscores.
    private static func wordCount(_ text: MarkedText) -> Int {
        var count = 0
        var isInWord = false
        for scalar in text.string.unicodeScalars {
            let belongs = scalar == "_" || CharacterTests.hold(.isalnum, String(Character(scalar)))
            if belongs, !isInWord { count += 1 }
            isInWord = belongs
        }
        return count
    }

    /// `indent(width=4, first=False, blank=False)`
    private func indented(
        _ text: MarkedText, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> MarkedText {
        let width = arguments.value(0, "width") ?? .integer(4)
        try budget.charge(bytes: max(0, width.wholeNumber ?? 0), place)
        let margin = width.text ?? MarkedText(String(repeating: " ", count: max(0, width.wholeNumber ?? 4)), .template)
        let movesFirst = arguments.value(1, "first")?.isTrue ?? false
        let movesBlank = arguments.value(2, "blank")?.isTrue ?? false
        let ended = text.bytes.last == 0x0A ? text.part(0..<text.bytes.count - 1) : text
        guard case .sequence(let lines) = try divided(.splitlines, ended, CallArguments(), place) else { return text }
        var result = MarkedText()
        if movesFirst { result.append(margin) }
        for (index, line) in lines.elements.enumerated() {
            let line = line.text ?? MarkedText()
            if index > 0 {
                result.append(MarkedText("\n", .template))
                if movesBlank || !line.bytes.isEmpty { result.append(margin) }
            }
            result.append(line)
            try budget.checkSize(result.bytes.count, place)
            try budget.charge(1 + margin.bytes.count / 64, place)
        }
        if text.bytes.last == 0x0A, !lines.elements.isEmpty || movesBlank {
            result.append(MarkedText("\n", .template))
            if movesBlank { result.append(margin) }
        }
        return result
    }

    /// `truncate(length=255, killwords=False, end='...', leeway=5)`
    private func truncated(
        _ text: MarkedText, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> MarkedText {
        let length = arguments.value(0, "length")?.wholeNumber ?? 255
        let end = arguments.value(2, "end")?.text ?? MarkedText("...", .template)
        let leeway = arguments.value(3, "leeway")?.wholeNumber ?? 5
        let endCount = end.characterOffsets.count - 1
        guard length >= endCount, leeway >= 0 else { throw .rendering("so short a text", place) }
        let offsets = text.characterOffsets
        let (longest, isAnyLength) = length.addingReportingOverflow(leeway)
        guard !isAnyLength, offsets.count - 1 > longest else { return text }
        var result = text.part(0..<offsets[length - endCount])
        if !(arguments.value(1, "killwords")?.isTrue ?? false), let space = result.lastOffset(of: [0x20]) {
            result = result.part(0..<space)
        }
        result.append(end)
        return result
    }
}
