// SPDX-License-Identifier: Apache-2.0

/// Expressions by recursive descent, one function for each level of precedence, loosest first.
extension TokenStream {
    /// A whole expression: `a if b else c`.
    mutating func expression() throws(ChatTemplateError) -> Expression {
        let outer = try enter()
        defer { leave(to: outer) }
        var value = try disjunction()
        while isName("if") {
            let place = advance().position
            try enter()
            let condition = try disjunction()
            let otherwise = take(name: "else") ? try expression() : nil
            value = Expression(
                position: place, kind: .conditional(then: value, condition: condition, otherwise: otherwise))
        }
        return value
    }

    /// `a or b`; also what a loop runs over, where `if` begins the loop's own filter.
    mutating func disjunction() throws(ChatTemplateError) -> Expression {
        var left = try conjunction()
        while isName("or") {
            let place = advance().position
            try enter()
            left = Expression(position: place, kind: .binary(.or, left, try conjunction()))
        }
        return left
    }

    private mutating func conjunction() throws(ChatTemplateError) -> Expression {
        var left = try negation()
        while isName("and") {
            let place = advance().position
            try enter()
            left = Expression(position: place, kind: .binary(.and, left, try negation()))
        }
        return left
    }

    private mutating func negation() throws(ChatTemplateError) -> Expression {
        guard isName("not") else { return try comparison() }
        let outer = try enter()
        defer { leave(to: outer) }
        let place = advance().position
        return Expression(position: place, kind: .not(try negation()))
    }

    private mutating func comparison() throws(ChatTemplateError) -> Expression {
        let first = try sum()
        var result: Expression?
        var left = first
        // `a < b < c` is `a < b and b < c`.
        while let (operation, place) = takeComparison() {
            try enter()
            let right = try sum()
            let link = Expression(position: place, kind: .binary(operation, left, right))
            result = result.map { Expression(position: place, kind: .binary(.and, $0, link)) } ?? link
            left = right
        }
        return result ?? first
    }

    private mutating func takeComparison() -> (BinaryOperator, SourcePosition)? {
        let place = current.position
        for operation in [BinaryOperator.equal, .unequal, .lessOrEqual, .greaterOrEqual, .less, .greater]
        where take(symbol: operation.rawValue) {
            return (operation, place)
        }
        if take(name: "in") { return (.in, place) }
        guard isName("not") else { return nil }
        advance()
        return take(name: "in") ? (.notIn, place) : nil
    }

    private mutating func sum() throws(ChatTemplateError) -> Expression {
        try chain([.add, .subtract]) { stream throws(ChatTemplateError) in
            try stream.chain([.concatenate]) { stream throws(ChatTemplateError) in
                try stream.chain([.multiply, .floorDivide, .divide, .remainder]) { stream throws(ChatTemplateError) in
                    try stream.chain([.power]) { stream throws(ChatTemplateError) in
                        try stream.unary(withFilters: true)
                    }
                }
            }
        }
    }

    private mutating func chain(
        _ operators: [BinaryOperator], _ operand: (inout TokenStream) throws(ChatTemplateError) -> Expression
    ) throws(ChatTemplateError) -> Expression {
        var left = try operand(&self)
        while let operation = operators.first(where: { isSymbol($0.rawValue) }) {
            let place = advance().position
            // The tree leans to the left, one level for each operator.
            try enter()
            left = Expression(position: place, kind: .binary(operation, left, try operand(&self)))
        }
        return left
    }

    private mutating func unary(withFilters: Bool) throws(ChatTemplateError) -> Expression {
        let outer = try enter()
        defer { leave(to: outer) }
        let place = current.position
        let value: Expression
        if take(symbol: "-") {
            value = Expression(position: place, kind: .negate(try unary(withFilters: false)))
        } else if take(symbol: "+") {
            value = try unary(withFilters: false)
        } else {
            value = try postfix(try primary())
        }
        return withFilters ? try filtersAndTests(value) : value
    }

    /// A name, a literal, or an expression in parentheses.
    mutating func primary() throws(ChatTemplateError) -> Expression {
        let token = advance()
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
        while case .string(let next) = current.kind {
            text += next
            advance()
        }
        return text
    }

    private mutating func parenthesised(_ place: SourcePosition) throws(ChatTemplateError) -> Expression {
        if take(symbol: ")") { return Expression(position: place, kind: .tuple([])) }
        let first = try expression()
        if take(symbol: ")") { return first }
        try expect(.symbol(","), "',' or ')'")
        return Expression(position: place, kind: .tuple([first] + (try elements(until: ")"))))
    }

    /// One expression, or several with commas between them, which are a tuple without parentheses.
    mutating func tuple() throws(ChatTemplateError) -> Expression {
        let first = try expression()
        guard isSymbol(",") else { return first }
        var parts = [first]
        while take(symbol: ","), current.kind != .blockEnd, current.kind != .outputEnd {
            parts.append(try expression())
        }
        return Expression(position: first.position, kind: .tuple(parts))
    }

    private mutating func elements(until closing: String) throws(ChatTemplateError) -> [Expression] {
        var result: [Expression] = []
        while !take(symbol: closing) {
            result.append(try expression())
            if take(symbol: closing) { break }
            try expect(.symbol(","), "',' or '\(closing)'")
        }
        return result
    }

    private mutating func entries() throws(ChatTemplateError) -> [Expression.Entry] {
        var result: [Expression.Entry] = []
        while !take(symbol: "}") {
            let key = try expression()
            try expect(.symbol(":"), "':'")
            result.append(Expression.Entry(key: key, value: try expression()))
            if take(symbol: "}") { break }
            try expect(.symbol(","), "',' or '}'")
        }
        return result
    }
}
