// SPDX-License-Identifier: Apache-2.0

extension Renderer {
    /// The value of a method of strings; each does what Python's `str` does.
    func textMethod(
        _ name: MethodName, of text: MarkedText, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        switch name {
        case .strip: return .text(strip(text, arguments, start: true, end: true))
        case .lstrip: return .text(strip(text, arguments, start: true, end: false))
        case .rstrip: return .text(strip(text, arguments, start: false, end: true))
        case .upper: return .text(text.mapParts { $0.uppercased() })
        case .lower: return .text(text.mapParts { $0.lowercased() })
        case .capitalize: return .text(capitalized(text))
        case .title: return .text(titled(text))
        case .startswith: return .boolean(try hasEdge(text, arguments, place) { $0.starts(with: $1) })
        case .endswith:
            return .boolean(try hasEdge(text, arguments, place) { $0.reversed().starts(with: $1.reversed()) })
        case .split: return .list(try split(text, arguments, place).map { .text($0) })
        case .replace: return .text(try replaced(text, arguments, place))
        default: return try searchMethod(name, of: text, arguments, place)
        }
    }

    private func searchMethod(
        _ name: MethodName, of text: MarkedText, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        switch name {
        case .find:
            let offset = try firstOffset(of: arguments, in: text, place)
            return .integer(
                offset.map { offset in text.bytes[..<offset].lazy.filter { $0 & 0xC0 != 0x80 }.count } ?? -1)
        case .count:
            let pattern = try pattern(arguments, in: text, place)
            var count = 0
            var start = 0
            while let found = text.firstOffset(of: pattern.bytes, from: start) {
                count += 1
                start = found + pattern.bytes.count
            }
            return .integer(count)
        case .join:
            guard let list = arguments.positional.first else { throw .rendering("'join' needs a list", place) }
            return try joined(try elements(of: list, place), by: text, place)
        case .removeprefix, .removesuffix:
            let pattern = try pattern(arguments, in: text, place)
            let size = text.bytes.count - pattern.bytes.count
            if name == .removeprefix, text.bytes.starts(with: pattern.bytes) {
                return .text(text.part(pattern.bytes.count..<text.bytes.count))
            }
            if name == .removesuffix, size >= 0, text.bytes[size...].elementsEqual(pattern.bytes) {
                return .text(text.part(0..<size))
            }
            return .text(text)
        case .splitlines: return .list(lines(of: text).map { .text($0) })
        case .isdigit:
            let scalars = text.string.unicodeScalars
            return .boolean(!scalars.isEmpty && scalars.allSatisfy { $0.properties.generalCategory == .decimalNumber })
        default: throw .rendering("a string has no method '\(name.rawValue)'", place)
        }
    }

    private func pattern(
        _ arguments: CallArguments, in text: MarkedText, _ place: SourcePosition
    ) throws(ChatTemplateError) -> MarkedText {
        guard case .text(let pattern)? = arguments.positional.first, !pattern.bytes.isEmpty else {
            throw .rendering("a string to look for is missing", place)
        }
        try charge(searching: text, for: pattern, place)
        return pattern
    }

    private func firstOffset(
        of arguments: CallArguments, in text: MarkedText, _ place: SourcePosition
    ) throws(ChatTemplateError) -> Int? {
        text.firstOffset(of: try pattern(arguments, in: text, place).bytes)
    }

    private func joined(
        _ elements: [TemplateValue], by separator: MarkedText, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        var result = MarkedText()
        for (index, element) in elements.enumerated() {
            guard case .text(let part) = element else { throw .rendering("'join' needs strings", place) }
            if index > 0 { result.append(separator) }
            result.append(part)
            try checkSize(result.bytes.count, place)
        }
        try charge(bytes: result.bytes.count, place)
        return .text(result)
    }

    /// The lines of a text without their ends: line feed, carriage return, or both.
    private func lines(of text: MarkedText) -> [MarkedText] {
        var result: [MarkedText] = []
        var start = 0
        var index = 0
        while index < text.bytes.count {
            let byte = text.bytes[index]
            index += 1
            guard byte == 0x0A || byte == 0x0D else { continue }
            result.append(text.part(start..<index - 1))
            if byte == 0x0D, index < text.bytes.count, text.bytes[index] == 0x0A { index += 1 }
            start = index
        }
        if start < text.bytes.count { result.append(text.part(start..<text.bytes.count)) }
        return result
    }

    private func strip(_ text: MarkedText, _ arguments: CallArguments, start: Bool, end: Bool) -> MarkedText {
        guard case .text(let set)? = arguments.value(0, "chars") else {
            return text.trimmed(start: start, end: end, where: MarkedText.isSpace)
        }
        let scalars = Set(set.string.unicodeScalars)
        return text.trimmed(start: start, end: end) { scalars.contains($0) }
    }

    private func capitalized(_ text: MarkedText) -> MarkedText {
        let offsets = text.characterOffsets
        guard offsets.count > 1 else { return text }
        var result = text.part(0..<offsets[1]).mapParts { $0.uppercased() }
        result.append(text.part(offsets[1]..<text.bytes.count).mapParts { $0.lowercased() })
        return result
    }

    private func titled(_ text: MarkedText) -> MarkedText {
        var isInWord = false
        return text.mapParts { part in
            part.unicodeScalars.reduce(into: "") { result, scalar in
                let letter = String(Character(scalar))
                result += isInWord ? letter.lowercased() : letter.uppercased()
                isInWord = scalar.properties.isAlphabetic
            }
        }
    }

    private func hasEdge(
        _ text: MarkedText, _ arguments: CallArguments, _ place: SourcePosition,
        _ matches: ([UInt8], [UInt8]) -> Bool
    ) throws(ChatTemplateError) -> Bool {
        switch arguments.positional.first {
        case .text(let edge)?: return matches(text.bytes, edge.bytes)
        case .list(let edges)?: return edges.contains { matches(text.bytes, $0.printed.bytes) }
        default: throw .rendering("a string to compare with is missing", place)
        }
    }

    private func split(
        _ text: MarkedText, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> [MarkedText] {
        let most = arguments.value(1, "maxsplit")?.wholeNumber ?? -1
        guard case .text(let separator)? = arguments.value(0, "sep") else {
            return words(text, most: most)
        }
        guard !separator.bytes.isEmpty else { throw .rendering("an empty separator", place) }
        try charge(searching: text, for: separator, place)
        var parts: [MarkedText] = []
        var start = 0
        while most < 0 || parts.count < most, let found = text.firstOffset(of: separator.bytes, from: start) {
            parts.append(text.part(start..<found))
            start = found + separator.bytes.count
            try charge(1, place)
        }
        return parts + [text.part(start..<text.bytes.count)]
    }

    /// Runs of characters between white space.
    private func words(_ text: MarkedText, most: Int) -> [MarkedText] {
        var parts: [MarkedText] = []
        var start: Int?
        var offset = 0
        for scalar in text.string.unicodeScalars {
            if MarkedText.isSpace(scalar) {
                if let begin = start { parts.append(text.part(begin..<offset)) }
                start = nil
            } else if start == nil {
                start = offset
                if most >= 0, parts.count == most { break }
            }
            offset += UTF8.width(scalar)
        }
        guard let start else { return parts }
        let rest = text.part(start..<text.bytes.count)
        return parts + [most >= 0 ? rest.trimmed(start: false, end: true, where: MarkedText.isSpace) : rest]
    }

    private func replaced(
        _ text: MarkedText, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> MarkedText {
        guard case .text(let old)? = arguments.value(0, "old"), case .text(let new)? = arguments.value(1, "new")
        else { throw .rendering("'replace' needs two strings", place) }
        guard !old.bytes.isEmpty else { throw .rendering("'replace' needs something to look for", place) }
        let most = arguments.value(2, "count")?.wholeNumber ?? -1
        try charge(searching: text, for: old, place)
        var result = MarkedText()
        var start = 0
        var count = 0
        while most < 0 || count < most, let found = text.firstOffset(of: old.bytes, from: start) {
            result.append(text.part(start..<found))
            result.append(new)
            start = found + old.bytes.count
            count += 1
            try checkSize(result.bytes.count, place)
            try charge(1 + new.bytes.count / 64, place)
        }
        result.append(text.part(start..<text.bytes.count))
        try charge(bytes: result.bytes.count, place)
        return result
    }
}
