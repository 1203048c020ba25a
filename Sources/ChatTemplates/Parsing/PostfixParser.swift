// SPDX-License-Identifier: Apache-2.0

/// What follows a value: attributes, subscripts, calls, filters and tests.
extension ExpressionParser {
    /// `a.b`, `a[b]`, `a[b:c]`, `a(b)`, any number of them.
    mutating func postfix(_ first: Expression) throws(ChatTemplateError) -> Expression {
        var value = first
        while true {
            try tokens.enter()
            let place = tokens.current.position
            if tokens.take(symbol: ".") {
                value = try attribute(of: value, place)
            } else if tokens.take(symbol: "[") {
                value = try subscripted(value, place)
            } else if tokens.take(symbol: "(") {
                try checkCallee(value)
                value = Expression(position: place, kind: .call(value, try arguments()))
            } else {
                return value
            }
        }
    }

    /// `a | filter(b)` and `a is test`, any number of them.
    mutating func filtersAndTests(_ first: Expression) throws(ChatTemplateError) -> Expression {
        var value = first
        while true {
            try tokens.enter()
            let place = tokens.current.position
            if tokens.take(symbol: "|") {
                let text = try tokens.expectName()
                let name: FilterName = try known(text, "the filter '\(text)'", place)
                let arguments = tokens.take(symbol: "(") ? try arguments() : Arguments()
                value = Expression(position: place, kind: .filter(value, name, arguments))
            } else if tokens.take(name: "is") {
                value = try test(of: value, place)
            } else {
                return value
            }
        }
    }

    /// The filters of a block, of which the first stands without `|` where the tag begins with it.
    mutating func filters(of block: Expression, beginning: Bool) throws(ChatTemplateError) -> Expression {
        guard beginning else { return try filtersAndTests(block) }
        let place = tokens.current.position
        let text = try tokens.expectName()
        let name: FilterName = try known(text, "the filter '\(text)'", place)
        let arguments = tokens.take(symbol: "(") ? try arguments() : Arguments()
        return try filtersAndTests(Expression(position: place, kind: .filter(block, name, arguments)))
    }

    private mutating func attribute(
        of value: Expression, _ place: SourcePosition
    ) throws(ChatTemplateError) -> Expression {
        if case .integer(let index) = tokens.current.kind {
            tokens.advance()
            return Expression(
                position: place, kind: .item(value, Expression(position: place, kind: .integer(index))))
        }
        return Expression(position: place, kind: .attribute(value, try tokens.expectName()))
    }

    private mutating func subscripted(
        _ value: Expression, _ place: SourcePosition
    ) throws(ChatTemplateError) -> Expression {
        let start = tokens.isSymbol(":") ? nil : try expression()
        guard tokens.take(symbol: ":") else {
            try tokens.expect(.symbol("]"), "']'")
            guard let start else { throw .syntax("expected a subscript", place) }
            return Expression(position: place, kind: .item(value, start))
        }
        let stop = tokens.isSymbol(":") || tokens.isSymbol("]") ? nil : try expression()
        let step = tokens.take(symbol: ":") && !tokens.isSymbol("]") ? try expression() : nil
        try tokens.expect(.symbol("]"), "']'")
        return Expression(position: place, kind: .slice(value, start: start, stop: stop, step: step))
    }

    private mutating func arguments() throws(ChatTemplateError) -> Arguments {
        var result = Arguments()
        while !tokens.take(symbol: ")") {
            if tokens.isSymbol("*") || tokens.isSymbol("**") {
                throw .unsupported("arguments from a list", tokens.current.position)
            }
            let value = try expression()
            if case .name(let name) = value.kind, tokens.take(symbol: "=") {
                result.named.append(Arguments.Named(name: name, value: try expression()))
            } else {
                guard result.named.isEmpty else {
                    throw .syntax("a positional argument after a named one", value.position)
                }
                result.positional.append(value)
            }
            if tokens.take(symbol: ")") { break }
            try tokens.expect(.symbol(","), "',' or ')'")
        }
        return result
    }

    private mutating func test(
        of value: Expression, _ place: SourcePosition
    ) throws(ChatTemplateError) -> Expression {
        let isNegated = tokens.take(name: "not")
        let text = try tokens.expectName()
        let name: TestName = try known(TestName(named: text)?.rawValue ?? text, "the test '\(text)'", place)
        var arguments = Arguments()
        if tokens.take(symbol: "(") {
            arguments = try self.arguments()
        } else if startsTestArgument {
            let outer = try tokens.enter()
            defer { tokens.leave(to: outer) }
            arguments.positional = [try postfix(try primary())]
        }
        let result = Expression(position: place, kind: .test(value, name, arguments))
        return isNegated ? Expression(position: place, kind: .not(result)) : result
    }

    /// `x is divisibleby 3` takes its argument without parentheses.
    private var startsTestArgument: Bool {
        switch tokens.current.kind {
        case .name(let name): !["else", "or", "and", "if", "in", "not", "is"].contains(name)
        case .string, .integer, .float: true
        case .symbol("["), .symbol("{"): true
        default: false
        }
    }

    /// Methods are known by name alone, so that a template that needs another one is refused when it is packed.
    private func checkCallee(_ callee: Expression) throws(ChatTemplateError) {
        guard case .attribute(_, let name) = callee.kind else { return }
        let _: MethodName = try known(name, "the method '\(name)'", callee.position)
    }

    private func known<Name: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ shown: String, _ place: SourcePosition
    ) throws(ChatTemplateError) -> Name {
        guard let known = Name(rawValue: name) else {
            let names = Name.allCases.map(\.rawValue).sorted().joined(separator: ", ")
            throw .unsupported("\(shown) (known are \(names))", place)
        }
        return known
    }
}
