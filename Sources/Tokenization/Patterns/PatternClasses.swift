// SPDX-License-Identifier: Apache-2.0

/// Reads the parts of a regular expression that stand for one character: `[...]` and escapes.
struct PatternClasses {
    private let scalars: [Unicode.Scalar]
    private var depth = 0
    /// Where the next part begins.
    var index = 0

    /// A reading of an expression.
    init(_ scalars: [Unicode.Scalar]) {
        self.scalars = scalars
    }

    private var current: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    private func problem(_ text: String) -> PatternProblem { PatternProblem(text: text, offset: index) }

    /// `[a-z\d]`, `[^...]`, also inside of one another.
    mutating func bracket() throws(PatternProblem) -> ScalarSet {
        depth += 1
        defer { depth -= 1 }
        guard depth < 8 else { throw problem("more than 8 classes inside one another") }
        index += 1
        let isInverted = current == "^"
        if isInverted { index += 1 }
        var set = ScalarSet([])
        var isFirst = true
        while let scalar = current, scalar != "]" || isFirst {
            isFirst = false
            set = set.union(try member())
        }
        guard current == "]" else { throw problem("a class is not closed") }
        index += 1
        return isInverted ? set.inverted : set
    }

    private mutating func member() throws(PatternProblem) -> ScalarSet {
        let next = index + 1 < scalars.count ? scalars[index + 1] : nil
        if current == "[" {
            guard next != ":" else { throw problem("a class with a name in colons") }
            return try bracket()
        }
        guard !(current == "&" && next == "&") else { throw problem("an intersection of classes") }
        let first = try single()
        guard let low = first.only, current == "-", index + 1 < scalars.count, scalars[index + 1] != "]" else {
            return first
        }
        index += 1
        guard let high = try single().only, high >= low else { throw problem("a range that ends before it begins") }
        return ScalarSet([low..<high + 1])
    }

    private mutating func single() throws(PatternProblem) -> ScalarSet {
        guard let scalar = current else { throw problem("a class is not closed") }
        if scalar == "\\" { return try escape() }
        index += 1
        return ScalarSet(scalar.value)
    }

    /// What a backslash begins.
    mutating func escape() throws(PatternProblem) -> ScalarSet {
        let start = index
        index += 1
        guard let scalar = current else { throw problem("an escape of nothing") }
        index += 1
        switch scalar {
        case "s": return space
        case "S": return space.inverted
        case "d": return try category("Nd")
        case "D": return try category("Nd").inverted
        case "w": return try word()
        case "W": return try word().inverted
        case "p", "P":
            let set = try property()
            return scalar == "P" ? set.inverted : set
        case "n": return ScalarSet(0x0A)
        case "r": return ScalarSet(0x0D)
        case "t": return ScalarSet(0x09)
        case "f": return ScalarSet(0x0C)
        case "v": return ScalarSet(0x0B)
        case "x": return ScalarSet(try hexadecimal(digits: 2))
        case "u": return ScalarSet(try hexadecimal(digits: 4))
        default:
            let isWord = scalar.properties.isAlphabetic || scalar.properties.numericType != nil
            guard !isWord else {
                index = start
                throw problem("the escape '\\\(scalar)'")
            }
            return ScalarSet(scalar.value)
        }
    }

    private var space: ScalarSet { CategoryRanges.set(of: [.whiteSpace, .newline]) }

    private func word() throws(PatternProblem) -> ScalarSet {
        var set = ScalarSet([])
        for name in ["Alphabetic", "M", "Nd", "Pc"] { set = set.union(try category(name)) }
        return set
    }

    private func category(_ name: String) throws(PatternProblem) -> ScalarSet {
        guard let set = CategoryRanges.unicode.set(named: name) else { throw problem("the property '\(name)'") }
        return set
    }

    /// `{L}`, `{^L}`, or one letter without braces.
    private mutating func property() throws(PatternProblem) -> ScalarSet {
        guard current == "{" else {
            guard let scalar = current else { throw problem("a property without a name") }
            index += 1
            return try category(String(Character(scalar)))
        }
        guard let end = scalars[index...].firstIndex(of: "}") else { throw problem("a property is not closed") }
        var name = String(String.UnicodeScalarView(scalars[index + 1..<end]))
        let isInverted = name.hasPrefix("^")
        if isInverted { name.removeFirst() }
        let set = try category(name)
        index = end + 1
        return isInverted ? set.inverted : set
    }

    private mutating func hexadecimal(digits: Int) throws(PatternProblem) -> UInt32 {
        var text = scalars[index...].prefix(digits)
        var end = index + text.count
        if current == "{" {
            guard let closing = scalars[index...].firstIndex(of: "}") else { throw problem("an escape is not closed") }
            text = scalars[index + 1..<closing]
            end = closing + 1
        } else if text.count < digits {
            throw problem("an escape is too short")
        }
        guard text.allSatisfy(\.properties.isASCIIHexDigit),
            let value = UInt32(text.map(String.init).joined(), radix: 16), Unicode.Scalar(value) != nil
        else { throw problem("an escape that names no character") }
        index = end
        return value
    }
}

extension ScalarSet {
    /// The scalar of a set that has one alone.
    fileprivate var only: UInt32? {
        ranges.count == 1 && ranges[0].count == 1 ? ranges[0].lowerBound : nil
    }
}
