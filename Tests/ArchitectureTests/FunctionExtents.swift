// SPDX-License-Identifier: Apache-2.0

/// Where a function stands in its file.
struct FunctionExtent: Equatable, Sendable {
    /// From 1: the line of its keyword or name.
    let firstLine: Int
    let lineCount: Int
}

/// Finds functions and measures them, in the three languages of the tree. It need not parse: formatted code that
/// compiles is regular enough.
enum FunctionExtents {
    /// Functions, initialisers, subscripts and computed properties of a Swift file.
    static func inSwift(_ text: String) -> [FunctionExtent] {
        let code = CodeText(text, language: .swift).bytes
        var extents: [FunctionExtent] = []
        for word in words(of: code) {
            let isProperty = word.text == "var"
            guard isProperty || ["func", "init", "deinit", "subscript"].contains(word.text),
                word.start == 0 || code[word.start - 1] != UInt8(ascii: "."),
                let open = bodyStart(code, after: word.end, isProperty: isProperty)
            else { continue }
            extents.append(extent(code, from: word.start, open: open))
        }
        return extents
    }

    /// Functions at the outermost level of a C file.
    static func inC(_ text: String) -> [FunctionExtent] {
        let code = CodeText(text, language: .c).bytes
        var extents: [FunctionExtent] = []
        var depth = 0
        var last: UInt8 = 0
        for (index, byte) in code.enumerated() {
            if byte == UInt8(ascii: "{") {
                if depth == 0, last == UInt8(ascii: ")") { extents.append(extent(code, from: index, open: index)) }
                depth += 1
            } else if byte == UInt8(ascii: "}") {
                depth = max(0, depth - 1)
            }
            if byte > UInt8(ascii: " ") { last = byte }
        }
        return extents
    }

    /// Functions of a Python file, by their indentation.
    static func inPython(_ text: String) -> [FunctionExtent] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.indices.compactMap { index -> FunctionExtent? in
            let body = lines[index].drop { $0 == " " }
            guard body.hasPrefix("def ") || body.hasPrefix("async def ") else { return nil }
            let indent = lines[index].count - body.count
            var end = index
            for next in lines.index(after: index)..<lines.endIndex {
                let rest = lines[next].drop { $0 == " " }
                if rest.isEmpty { continue }
                // A closing bracket at the function's own indentation belongs to its signature.
                if lines[next].count - rest.count <= indent, !rest.hasPrefix(")") { break }
                end = next
            }
            return FunctionExtent(firstLine: index + 1, lineCount: end - index + 1)
        }
    }

    private struct Word {
        let text: String
        let start: Int
        let end: Int
    }

    private static func words(of code: [UInt8]) -> [Word] {
        var words: [Word] = []
        var start: Int?
        for index in 0...code.count {
            let isPart = index < code.count && isIdentifier(code[index])
            if isPart, start == nil { start = index }
            if !isPart, let from = start {
                words.append(Word(text: String(decoding: code[from..<index], as: UTF8.self), start: from, end: index))
                start = nil
            }
        }
        return words
    }

    /// The opening brace of the body that belongs to the declaration before `position`; nil for requirements of
    /// protocols and stored properties.
    private static func bodyStart(_ code: [UInt8], after position: Int, isProperty: Bool) -> Int? {
        var depth = 0
        var index = position
        while index < code.count {
            switch code[index] {
            case UInt8(ascii: "("), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "{") where depth <= 0: return index
            case UInt8(ascii: "}") where depth <= 0: return nil
            case UInt8(ascii: "="), UInt8(ascii: "\n"):
                if isProperty, depth <= 0 { return nil }
            case let byte where depth <= 0 && isIdentifier(byte) && !isIdentifier(code[index - 1]):
                if declares(code, at: index) { return nil }
            default: break
            }
            if depth < 0 { return nil }
            index += 1
        }
        return nil
    }

    private static func declares(_ code: [UInt8], at index: Int) -> Bool {
        ["func", "var", "let", "init", "case", "subscript", "struct", "enum", "class", "extension"].contains { word in
            let end = index + word.utf8.count
            return code[index...].starts(with: word.utf8) && (end == code.count || !isIdentifier(code[end]))
        }
    }

    private static func extent(_ code: [UInt8], from start: Int, open: Int) -> FunctionExtent {
        var depth = 0
        var end = open
        for index in open..<code.count {
            if code[index] == UInt8(ascii: "{") { depth += 1 }
            if code[index] == UInt8(ascii: "}") { depth -= 1 }
            end = index
            if depth == 0 { break }
        }
        let newline = UInt8(ascii: "\n")
        return FunctionExtent(
            firstLine: code[..<start].count { $0 == newline } + 1,
            lineCount: code[start...end].count { $0 == newline } + 1)
    }

    private static func isIdentifier(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: byte > 127
        }
    }
}
