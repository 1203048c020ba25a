// SPDX-License-Identifier: Apache-2.0

/// Cuts a template into tokens and applies white-space control as chat templates expect it: a line break after a
/// block tag goes, blanks before a block tag that begins its line go, `-` takes all white space on its side, `+`
/// keeps it, and one line break at the end of the source goes.
struct TemplateLexer {
    private var source: [UInt8]
    private var index = 0
    private var located = Located()
    private(set) var tokens: [TemplateToken] = []

    /// The last place whose line and column were counted.
    private struct Located {
        var place = 0
        var line = 1
        var column = 1
    }

    private enum Tag {
        case output, block, comment
    }

    /// The tokens of a source, with `.end` as the last.
    static func tokens(of source: String) throws(ChatTemplateError) -> [TemplateToken] {
        var lexer = TemplateLexer(source)
        guard lexer.source.count <= ProgramLimits.sourceSize else {
            throw .unsupported("more than \(ProgramLimits.sourceSize) bytes", SourcePosition(line: 1, column: 1))
        }
        while lexer.index < lexer.source.count { try lexer.nextPart() }
        lexer.add(.end, at: lexer.source.count)
        return lexer.tokens
    }

    private init(_ text: String) {
        source = []
        source.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            // "\r\n" and "\r" are line breaks like "\n".
            if byte == 0x0A, source.last == 0x0D {
                source[source.count - 1] = 0x0A
                continue
            }
            source.append(byte)
        }
        for place in source.indices where source[place] == 0x0D { source[place] = 0x0A }
        if source.last == 0x0A { source.removeLast() }
    }

    /// Text up to the next tag, then the tag.
    private mutating func nextPart() throws(ChatTemplateError) {
        let start = index
        while index < source.count, tag(at: index) == nil { index += 1 }
        guard let tag = tag(at: index) else {
            addText(start..<source.count)
            return
        }
        let begin = index
        let sign = index + 2 < source.count ? source[index + 2] : 0
        addText(start..<endOfText(start..<begin, before: tag, sign: sign))
        if tag == .block, let bounds = wordTag("raw", at: begin) {
            try takeRaw(after: bounds)
            return
        }
        index += sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") ? 3 : 2
        switch tag {
        case .comment:
            try skipComment(from: begin)
        case .output, .block:
            add(tag == .output ? .outputBegin : .blockBegin, at: begin)
            try expressionTokens(tag, from: begin)
        }
    }

    private func tag(at place: Int) -> Tag? {
        guard place + 1 < source.count, source[place] == UInt8(ascii: "{") else { return nil }
        switch source[place + 1] {
        case UInt8(ascii: "{"): return .output
        case UInt8(ascii: "%"): return .block
        case UInt8(ascii: "#"): return .comment
        default: return nil
        }
    }

    /// A block tag of one word without arguments.
    private struct WordTag {
        let end: Int
        let closingSign: UInt8
    }

    private func wordTag(_ word: String, at begin: Int) -> WordTag? {
        var place = begin + 2
        if place < source.count, [UInt8(ascii: "-"), UInt8(ascii: "+")].contains(source[place]) { place += 1 }
        while place < source.count, Self.isSpace(source[place]) { place += 1 }
        guard source[place...].starts(with: word.utf8) else { return nil }
        place += word.utf8.count
        while place < source.count, Self.isSpace(source[place]) { place += 1 }
        var sign: UInt8 = 0
        if place < source.count, [UInt8(ascii: "-"), UInt8(ascii: "+")].contains(source[place]) {
            sign = source[place]
            place += 1
        }
        return source[place...].starts(with: "%}".utf8) ? WordTag(end: place + 2, closingSign: sign) : nil
    }

    /// Text up to `{% endraw %}`, in which tags are text. The line break after `{% raw %}` stays.
    private mutating func takeRaw(after tag: WordTag) throws(ChatTemplateError) {
        let begin = index
        index = tag.end
        if tag.closingSign == UInt8(ascii: "-") { skipSpace(after: .block, sign: tag.closingSign) }
        let start = index
        while index < source.count {
            if self.tag(at: index) == .block, let end = wordTag("endraw", at: index) {
                let sign = source[index + 2]
                addText(start..<endOfText(start..<index, before: .block, sign: sign))
                index = end.end
                skipSpace(after: .block, sign: end.closingSign)
                return
            }
            index += 1
        }
        throw .syntax("'endraw' is missing for this block", position(begin))
    }

    private func endOfText(_ range: Range<Int>, before tag: Tag, sign: UInt8) -> Int {
        var end = range.upperBound
        if sign == UInt8(ascii: "-") {
            while end > range.lowerBound, Self.isSpace(source[end - 1]) { end -= 1 }
            return end
        }
        guard tag != .output, sign != UInt8(ascii: "+") else { return end }
        while end > range.lowerBound, Self.isSpace(source[end - 1]), source[end - 1] != 0x0A { end -= 1 }
        return end == 0 || source[end - 1] == 0x0A ? end : range.upperBound
    }

    private mutating func skipComment(from begin: Int) throws(ChatTemplateError) {
        while index + 1 < source.count {
            if source[index] == UInt8(ascii: "#"), source[index + 1] == UInt8(ascii: "}") {
                let sign = source[index - 1]
                index += 2
                skipSpace(after: .comment, sign: sign)
                return
            }
            index += 1
        }
        throw .syntax("a comment is not closed", position(begin))
    }

    private mutating func skipSpace(after tag: Tag, sign: UInt8) {
        if sign == UInt8(ascii: "-") {
            while index < source.count, Self.isSpace(source[index]) { index += 1 }
        } else if tag != .output, sign != UInt8(ascii: "+"), index < source.count, source[index] == 0x0A {
            index += 1
        }
    }

    /// The tokens of a tag up to its end; brackets inside keep `}}` from ending it.
    private mutating func expressionTokens(_ tag: Tag, from begin: Int) throws(ChatTemplateError) {
        let closing: UInt8 = tag == .output ? UInt8(ascii: "}") : UInt8(ascii: "%")
        var open = 0
        while index < source.count {
            let byte = source[index]
            if Self.isSpace(byte) {
                index += 1
                continue
            }
            let signed = byte == UInt8(ascii: "-") || (byte == UInt8(ascii: "+") && tag == .block)
            let end = signed ? index + 1 : index
            if open == 0, end + 1 < source.count, source[end] == closing, source[end + 1] == UInt8(ascii: "}") {
                add(tag == .output ? .outputEnd : .blockEnd, at: index)
                index = end + 2
                skipSpace(after: tag, sign: signed ? byte : 0)
                return
            }
            var reader = ExpressionReader(source: source, index: index, position: position(index))
            let kind = try reader.next()
            add(kind, at: index)
            index = reader.index
            if case .symbol(let symbol) = kind {
                if ["(", "[", "{"].contains(symbol) { open += 1 }
                if [")", "]", "}"].contains(symbol) { open = max(0, open - 1) }
            }
        }
        throw .syntax("a tag is not closed", position(begin))
    }

    private mutating func addText(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        add(.text(Array(source[range])), at: range.lowerBound)
    }

    private mutating func add(_ kind: TemplateToken.Kind, at place: Int) {
        tokens.append(TemplateToken(kind: kind, position: position(place)))
    }

    /// Places are asked for in ascending order but for errors, so the count goes on from the last one.
    private mutating func position(_ place: Int) -> SourcePosition {
        if place < located.place { located = Located() }
        while located.place < min(place, source.count) {
            let byte = source[located.place]
            located.place += 1
            if byte == 0x0A {
                located.line += 1
                located.column = 1
            } else if byte & 0xC0 != 0x80 {
                located.column += 1
            }
        }
        return SourcePosition(line: located.line, column: located.column)
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte)
    }
}
