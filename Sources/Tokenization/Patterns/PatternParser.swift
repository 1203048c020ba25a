// SPDX-License-Identifier: Apache-2.0

/// Reads regular expressions as pre-tokenizers have them: those of Oniguruma without back references, anchors and
/// look-behind. What is not built in is refused, never taken for something else.
struct PatternParser {
    private static let deepest = 40
    private static let maxRepetitions = 200

    private let scalars: [Unicode.Scalar]
    private var index = 0
    private var depth = 0
    private var ignoresCase = false
    private var classes: PatternClasses

    /// The tree of an expression.
    static func parse(_ expression: String) throws(PatternProblem) -> PatternNode {
        var parser = PatternParser(expression)
        let node = try parser.choice()
        guard parser.index == parser.scalars.count else { throw parser.problem("a parenthesis is closed twice") }
        return node
    }

    private init(_ expression: String) {
        scalars = Array(expression.unicodeScalars)
        classes = PatternClasses(scalars)
    }

    private func problem(_ text: String) -> PatternProblem { PatternProblem(text: text, offset: index) }

    private var current: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    private mutating func take(_ text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        guard scalars[index...].starts(with: wanted) else { return false }
        index += wanted.count
        return true
    }

    private mutating func choice() throws(PatternProblem) -> PatternNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else { throw problem("more than \(Self.deepest) groups inside one another") }
        // `(?i)` counts to the end of the group that it stands in.
        let outer = ignoresCase
        defer { ignoresCase = outer }
        var parts = [try sequence()]
        while take("|") { parts.append(try sequence()) }
        return parts.count == 1 ? parts[0] : .choice(parts)
    }

    private mutating func sequence() throws(PatternProblem) -> PatternNode {
        var parts: [PatternNode] = []
        while let scalar = current, scalar != "|", scalar != ")" {
            if take("(?i)") {
                ignoresCase = true
                continue
            }
            parts.append(try repeated(try atom()))
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func atom() throws(PatternProblem) -> PatternNode {
        switch current {
        case "(": return try group()
        case "[":
            let set = try readClass { reading throws(PatternProblem) in try reading.bracket() }
            return .set(ignoresCase ? set.withCases : set)
        case ".":
            index += 1
            return .set(ScalarSet(0x0A).inverted)
        case "$":
            // The end of a line.
            index += 1
            return .look(.set(ScalarSet(0x0A).inverted), isNegative: true)
        case "^": throw problem("the anchor '^'")
        case "*", "+", "?": throw problem("a repetition of nothing")
        case "\\":
            let set = try readClass { reading throws(PatternProblem) in try reading.escape() }
            return .set(ignoresCase ? set.withCases : set)
        case .some(let scalar):
            index += 1
            let set = ScalarSet(scalar.value)
            return .set(ignoresCase ? set.withCases : set)
        case nil: throw problem("an unexpected end")
        }
    }

    private mutating func readClass(
        _ read: (inout PatternClasses) throws(PatternProblem) -> ScalarSet
    ) throws(PatternProblem) -> ScalarSet {
        classes.index = index
        let set = try read(&classes)
        index = classes.index
        return set
    }

    private mutating func group() throws(PatternProblem) -> PatternNode {
        let start = index
        let outer = ignoresCase
        defer { ignoresCase = outer }
        var look: Bool?
        if take("(?=") {
            look = false
        } else if take("(?!") {
            look = true
        } else if take("(?i:") {
            ignoresCase = true
        } else if !take("(?:") {
            guard !take("(?") else {
                index = start
                throw problem("a group of a kind that is not built in")
            }
            index += 1
        }
        let body = try choice()
        guard take(")") else {
            index = start
            throw problem("a group is not closed")
        }
        return look.map { .look(body, isNegative: $0) } ?? body
    }

    private mutating func repeated(_ atom: PatternNode) throws(PatternProblem) -> PatternNode {
        var node = atom
        while let (least, most, canBePossessive) = try bounds() {
            if case .look = node { throw problem("a repetition of a look-ahead") }
            guard !node.isNullable || most == 1 else { throw problem("a repetition of what may be empty") }
            if canBePossessive, take("+") {
                node = try possessive(node, least, most)
            } else {
                node = .repetition(node, least: least, most: most, isGreedy: !take("?"))
            }
        }
        return node
    }

    /// A run that gives nothing back, which for a set is one that ends where the set ends.
    private func possessive(
        _ node: PatternNode, _ least: Int, _ most: Int?
    ) throws(PatternProblem) -> PatternNode {
        guard case .set = node else { throw problem("a possessive repetition of more than one character") }
        let end = PatternNode.look(node, isNegative: true)
        guard let most else {
            return .sequence([.repetition(node, least: least, most: nil, isGreedy: true), end])
        }
        let full = PatternNode.repetition(node, least: most, most: most, isGreedy: true)
        guard most > least else { return full }
        let short = PatternNode.repetition(node, least: least, most: most - 1, isGreedy: true)
        return .choice([full, .sequence([short, end])])
    }

    /// `?`, `*`, `+`, `{2}`, `{2,}`, `{2,5}`, `{,5}`; braces that are none of these stand for themselves.
    private mutating func bounds() throws(PatternProblem) -> (Int, Int?, Bool)? {
        if take("?") { return (0, 1, true) }
        if take("*") { return (0, nil, true) }
        if take("+") { return (1, nil, true) }
        let start = index
        guard take("{") else { return nil }
        let least = number()
        let hasComma = take(",")
        let most = hasComma ? number() : least
        guard take("}"), least != nil || most != nil else {
            index = start
            return nil
        }
        for count in [least, most].compactMap({ $0 }) where count > Self.maxRepetitions {
            throw problem("more than \(Self.maxRepetitions) repetitions")
        }
        if let least, let most, least > most { throw problem("repetitions of which the least exceeds the most") }
        return (least ?? 0, most, false)
    }

    private mutating func number() -> Int? {
        let start = index
        while let scalar = current, ("0"..."9").contains(scalar), index - start < 6 { index += 1 }
        return Int(scalars[start..<index].map(String.init).joined())
    }
}
