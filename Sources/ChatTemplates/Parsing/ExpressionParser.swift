// SPDX-License-Identifier: Apache-2.0

/// Expressions by recursive descent, one function for each level of precedence, loosest first.
struct ExpressionParser {
    var tokens: TokenStream

    /// A whole expression: `a if b else c`.
    mutating func expression() throws(ChatTemplateError) -> Expression {
        let outer = try tokens.enter()
        defer { tokens.leave(to: outer) }
        var value = try disjunction()
        while tokens.isName("if") {
            let place = tokens.advance().position
            try tokens.enter()
            let condition = try disjunction()
            let otherwise = tokens.take(name: "else") ? try expression() : nil
            value = Expression(
                position: place, kind: .conditional(then: value, condition: condition, otherwise: otherwise))
        }
        return value
    }

    /// `a or b`; also what a loop runs over, where `if` begins the loop's own filter.
    mutating func disjunction() throws(ChatTemplateError) -> Expression {
        var left = try conjunction()
        while tokens.isName("or") {
            let place = tokens.advance().position
            try tokens.enter()
            left = Expression(position: place, kind: .binary(.or, left, try conjunction()))
        }
        return left
    }

    private mutating func conjunction() throws(ChatTemplateError) -> Expression {
        var left = try negation()
        while tokens.isName("and") {
            let place = tokens.advance().position
            try tokens.enter()
            left = Expression(position: place, kind: .binary(.and, left, try negation()))
        }
        return left
    }

    private mutating func negation() throws(ChatTemplateError) -> Expression {
        guard tokens.isName("not") else { return try comparison() }
        let outer = try tokens.enter()
        defer { tokens.leave(to: outer) }
        let place = tokens.advance().position
        return Expression(position: place, kind: .not(try negation()))
    }

    private mutating func comparison() throws(ChatTemplateError) -> Expression {
        let first = try sum()
        var result: Expression?
        var left = first
        // `a < b < c` is `a < b and b < c`.
        while let (operation, place) = takeComparison() {
            try tokens.enter()
            let right = try sum()
            let link = Expression(position: place, kind: .binary(operation, left, right))
            result = result.map { Expression(position: place, kind: .binary(.and, $0, link)) } ?? link
            left = right
        }
        return result ?? first
    }

    private mutating func takeComparison() -> (BinaryOperator, SourcePosition)? {
        let place = tokens.current.position
        for operation in [BinaryOperator.equal, .unequal, .lessOrEqual, .greaterOrEqual, .less, .greater]
        where tokens.take(symbol: operation.rawValue) {
            return (operation, place)
        }
        if tokens.take(name: "in") { return (.in, place) }
        guard tokens.isName("not") else { return nil }
        tokens.advance()
        return tokens.take(name: "in") ? (.notIn, place) : nil
    }

    private mutating func sum() throws(ChatTemplateError) -> Expression {
        try chain([.add, .subtract]) { parser throws(ChatTemplateError) in
            try parser.chain([.concatenate]) { parser throws(ChatTemplateError) in
                try parser.chain([.multiply, .floorDivide, .divide, .remainder]) { parser throws(ChatTemplateError) in
                    try parser.chain([.power]) { parser throws(ChatTemplateError) in
                        try parser.unary(withFilters: true)
                    }
                }
            }
        }
    }

    private mutating func chain(
        _ operators: [BinaryOperator], _ operand: (inout ExpressionParser) throws(ChatTemplateError) -> Expression
    ) throws(ChatTemplateError) -> Expression {
        var left = try operand(&self)
        while let operation = operators.first(where: { tokens.isSymbol($0.rawValue) }) {
            let place = tokens.advance().position
            // The tree leans to the left, one level for each operator.
            try tokens.enter()
            left = Expression(position: place, kind: .binary(operation, left, try operand(&self)))
        }
        return left
    }

    private mutating func unary(withFilters: Bool) throws(ChatTemplateError) -> Expression {
        let outer = try tokens.enter()
        defer { tokens.leave(to: outer) }
        let place = tokens.current.position
        let value: Expression
        if tokens.take(symbol: "-") {
            value = Expression(position: place, kind: .negate(try unary(withFilters: false)))
        } else if tokens.take(symbol: "+") {
            value = try unary(withFilters: false)
        } else {
            value = try postfix(try primary())
        }
        return withFilters ? try filtersAndTests(value) : value
    }

    /// A name, a literal, or an expression in parentheses.
    mutating func primary() throws(ChatTemplateError) -> Expression {
        let token = tokens.advance()
        let kind: Expression.Kind
        switch token.kind {
        case .name("true"), .name("True"): kind = .boolean(true)
        case .name("false"), .name("False"): kind = .boolean(false)
        case .name("none"), .name("None"): kind = .none
        case .name(let name): kind = .name(name)
        case .integer(let value): kind = .integer(value)
        case .float(let value): kind = .float(value)
        case .string(let text): kind = .text(adjacentStrings(after: text))
        case .symbol("("): return try parenthesised(token.position)
        case .symbol("["): kind = .list(try elements(until: "]"))
        case .symbol("{"): kind = .dictionary(try entries())
        default: throw .syntax("expected a value, found \(token.shown)", token.position)
        }
        return Expression(position: token.position, kind: kind)
    }

    private mutating func adjacentStrings(after first: [UInt8]) -> [UInt8] {
        var text = first
        while case .string(let next) = tokens.current.kind {
            text += next
            tokens.advance()
        }
        return text
    }

    private mutating func parenthesised(_ place: SourcePosition) throws(ChatTemplateError) -> Expression {
        if tokens.take(symbol: ")") { return Expression(position: place, kind: .tuple([])) }
        let first = try expression()
        if tokens.take(symbol: ")") { return first }
        try tokens.expect(.symbol(","), "',' or ')'")
        return Expression(position: place, kind: .tuple([first] + (try elements(until: ")"))))
    }

    /// One expression, or several with commas between them, which are a tuple without parentheses.
    mutating func tuple() throws(ChatTemplateError) -> Expression {
        let first = try expression()
        guard tokens.isSymbol(",") else { return first }
        var parts = [first]
        while tokens.take(symbol: ","), tokens.current.kind != .blockEnd, tokens.current.kind != .outputEnd {
            parts.append(try expression())
        }
        return Expression(position: first.position, kind: .tuple(parts))
    }

    private mutating func elements(until closing: String) throws(ChatTemplateError) -> [Expression] {
        var result: [Expression] = []
        while !tokens.take(symbol: closing) {
            result.append(try expression())
            if tokens.take(symbol: closing) { break }
            try tokens.expect(.symbol(","), "',' or '\(closing)'")
        }
        return result
    }

    private mutating func entries() throws(ChatTemplateError) -> [Expression.Entry] {
        var result: [Expression.Entry] = []
        while !tokens.take(symbol: "}") {
            let key = try expression()
            try tokens.expect(.symbol(":"), "':'")
            result.append(Expression.Entry(key: key, value: try expression()))
            if tokens.take(symbol: "}") { break }
            try tokens.expect(.symbol(","), "',' or '}'")
        }
        return result
    }
}
