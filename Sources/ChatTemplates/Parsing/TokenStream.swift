// SPDX-License-Identifier: Apache-2.0

/// The tokens of a template with the steps that the parsers share.
struct TokenStream {
    private let tokens: [TemplateToken]
    private var index = 0
    private var depth = 0

    /// A stream over tokens that end with `.end`.
    init(_ tokens: [TemplateToken]) {
        precondition(tokens.last?.kind == .end, "a token list without its end")
        self.tokens = tokens
    }

    /// The next token; `.end` for ever once it is reached.
    var current: TemplateToken { tokens[index] }

    /// How many tokens were taken.
    var taken: Int { index }

    /// Which names for further arguments stand among the tokens that were taken since a place.
    func uses(since first: Int) -> Statement.Macro.Uses {
        var uses: Statement.Macro.Uses = []
        for token in tokens[first..<index] {
            if token.kind == .name("varargs") { uses.insert(.others) }
            if token.kind == .name("kwargs") { uses.insert(.namedOthers) }
        }
        return uses
    }

    /// Takes the next token.
    @discardableResult
    mutating func advance() -> TemplateToken {
        let token = tokens[index]
        index = min(index + 1, tokens.count - 1)
        return token
    }

    /// Whether the next token is this symbol.
    func isSymbol(_ symbol: String) -> Bool { current.kind == .symbol(symbol) }

    /// Whether the next token is this word.
    func isName(_ name: String) -> Bool { current.kind == .name(name) }

    /// Takes the next token if it is this symbol.
    mutating func take(symbol: String) -> Bool {
        guard isSymbol(symbol) else { return false }
        advance()
        return true
    }

    /// Takes the next token if it is this word.
    mutating func take(name: String) -> Bool {
        guard isName(name) else { return false }
        advance()
        return true
    }

    /// Takes the next token, which must be of this kind.
    mutating func expect(_ kind: TemplateToken.Kind, _ shown: String) throws(ChatTemplateError) {
        guard current.kind == kind else {
            throw .syntax("expected \(shown), found \(current.shown)", current.position)
        }
        advance()
    }

    /// Takes the next token, which must be a word.
    mutating func expectName() throws(ChatTemplateError) -> String {
        guard case .name(let name) = current.kind else {
            throw .syntax("expected a name, found \(current.shown)", current.position)
        }
        advance()
        return name
    }

    /// Begins a level of nesting and returns the one before, for `leave`. Levels that a loop adds to a tree are left
    /// together, with the level around the loop.
    @discardableResult
    mutating func enter() throws(ChatTemplateError) -> Int {
        guard depth < ProgramLimits.depth else {
            throw .unsupported("more than \(ProgramLimits.depth) levels of nesting", current.position)
        }
        depth += 1
        return depth - 1
    }

    /// Returns to a level.
    mutating func leave(to outer: Int) { depth = outer }
}
