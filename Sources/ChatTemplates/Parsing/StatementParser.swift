// SPDX-License-Identifier: Apache-2.0

/// Statements: text, output and the block tags.
struct StatementParser {
    var expressions: ExpressionParser

    /// A parser over tokens that end with `.end`.
    init(_ tokens: [TemplateToken]) {
        expressions = ExpressionParser(tokens: TokenStream(tokens))
    }

    var tokens: TokenStream {
        get { expressions.tokens }
        _modify { yield &expressions.tokens }
    }

    /// The whole template.
    mutating func template() throws(ChatTemplateError) -> [Statement] {
        let statements = try body(until: [], inLoop: false)
        guard tokens.current.kind == .end else {
            throw .syntax("unexpected \(tokens.current.shown)", tokens.current.position)
        }
        return statements
    }

    /// Statements up to a block tag with one of the given words, whose `{%` is taken and whose word is next.
    mutating func body(until ends: [String], inLoop: Bool) throws(ChatTemplateError) -> [Statement] {
        let outer = try tokens.enter()
        defer { tokens.leave(to: outer) }
        let opening = tokens.current.position
        var statements: [Statement] = []
        while true {
            let token = tokens.advance()
            switch token.kind {
            case .text(let text):
                statements.append(Statement(position: token.position, kind: .text(text)))
            case .outputBegin:
                let value = try expressions.tuple()
                try tokens.expect(.outputEnd, "'}}'")
                statements.append(Statement(position: token.position, kind: .output(value)))
            case .blockBegin:
                if case .name(let name) = tokens.current.kind, ends.contains(name) { return statements }
                statements.append(Statement(position: token.position, kind: try block(inLoop: inLoop)))
            case .end:
                guard ends.isEmpty else {
                    throw .syntax("'\(ends[ends.count - 1])' is missing for this block", opening)
                }
                return statements
            default:
                throw .syntax("unexpected \(token.shown)", token.position)
            }
        }
    }

    private mutating func block(inLoop: Bool) throws(ChatTemplateError) -> Statement.Kind {
        let place = tokens.current.position
        let word = try tokens.expectName()
        switch word {
        case "for": return .loop(try loop())
        case "if": return try conditional(inLoop: inLoop)
        case "set": return try assignment(inLoop: inLoop)
        case "break", "continue":
            guard inLoop else { throw .syntax("'\(word)' outside of a loop", place) }
            try endBlock()
            return word == "break" ? .breakLoop : .continueLoop
        case "macro": return try macro()
        case "call": return try callBlock(place)
        case "with": return try with(inLoop: inLoop)
        case "filter": return try filterBlock(inLoop: inLoop, place)
        case "generation":
            try endBlock()
            return .conditional([], otherwise: try closedBody("endgeneration", inLoop: inLoop))
        case "else", "elif", "endif", "endfor", "endset", "endmacro", "endcall", "endfilter", "endgeneration",
            "endwith", "endraw":
            throw .syntax("'\(word)' without its beginning", place)
        default:
            throw .unsupported("the tag '\(word)'", place)
        }
    }

    private mutating func loop() throws(ChatTemplateError) -> Statement.Loop {
        let targets = try loopTargets()
        let iterable = try expressions.disjunction()
        let filter = tokens.take(name: "if") ? try expressions.expression() : nil
        let isRecursive = tokens.take(name: "recursive")
        try endBlock()
        let body = try body(until: ["else", "endfor"], inLoop: true)
        var otherwise: [Statement] = []
        if tokens.take(name: "else") {
            try endBlock()
            otherwise = try self.body(until: ["endfor"], inLoop: false)
        }
        tokens.advance()
        try endBlock()
        return Statement.Loop(
            targets: targets, iterable: iterable, filter: filter, body: body, otherwise: otherwise,
            isRecursive: isRecursive)
    }

    /// The names before `in`, also in parentheses.
    private mutating func loopTargets() throws(ChatTemplateError) -> [String] {
        let isEnclosed = tokens.take(symbol: "(")
        var targets = [try tokens.expectName()]
        while tokens.take(symbol: ",") {
            if isEnclosed ? tokens.isSymbol(")") : tokens.isName("in") { break }
            targets.append(try tokens.expectName())
        }
        if isEnclosed { try tokens.expect(.symbol(")"), "')'") }
        try tokens.expect(.name("in"), "'in'")
        return targets
    }

    /// `{% with a=1, b=2 %}...{% endwith %}`
    private mutating func with(inLoop: Bool) throws(ChatTemplateError) -> Statement.Kind {
        var assignments: [Arguments.Named] = []
        while tokens.current.kind != .blockEnd {
            if !assignments.isEmpty { try tokens.expect(.symbol(","), "','") }
            let name = try tokens.expectName()
            try tokens.expect(.symbol("="), "'='")
            assignments.append(Arguments.Named(name: name, value: try expressions.expression()))
        }
        try endBlock()
        return .with(assignments, try closedBody("endwith", inLoop: inLoop))
    }

    private mutating func conditional(inLoop: Bool) throws(ChatTemplateError) -> Statement.Kind {
        var branches: [Statement.Branch] = []
        repeat {
            let condition = try expressions.expression()
            try endBlock()
            let body = try body(until: ["elif", "else", "endif"], inLoop: inLoop)
            branches.append(Statement.Branch(condition: condition, body: body))
        } while tokens.take(name: "elif")
        var otherwise: [Statement] = []
        if tokens.take(name: "else") {
            try endBlock()
            otherwise = try body(until: ["endif"], inLoop: inLoop)
        }
        tokens.advance()
        try endBlock()
        return .conditional(branches, otherwise: otherwise)
    }

    private mutating func assignment(inLoop: Bool) throws(ChatTemplateError) -> Statement.Kind {
        let name = try tokens.expectName()
        if tokens.take(symbol: ".") {
            let attribute = try tokens.expectName()
            try tokens.expect(.symbol("="), "'='")
            let value = try expressions.expression()
            try endBlock()
            return .assignAttribute(namespace: name, name: attribute, value)
        }
        var targets = [name]
        while tokens.take(symbol: ",") { targets.append(try tokens.expectName()) }
        if targets.count > 1 && !tokens.isSymbol("=") {
            throw .syntax("expected '=', found \(tokens.current.shown)", tokens.current.position)
        }
        if tokens.take(symbol: "=") {
            let value = try expressions.tuple()
            try endBlock()
            return .assign(targets, value)
        }
        if tokens.isSymbol("|") { return try filteredAssignment(name, inLoop: inLoop) }
        try endBlock()
        let body = try body(until: ["endset"], inLoop: inLoop)
        tokens.advance()
        try endBlock()
        return .capture(name, body)
    }

    /// The end of a tag.
    mutating func endBlock() throws(ChatTemplateError) {
        try tokens.expect(.blockEnd, "'%}'")
    }
}
