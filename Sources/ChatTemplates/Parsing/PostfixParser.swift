// SPDX-License-Identifier: Apache-2.0

/// What follows a value: attributes, subscripts, calls, filters and tests.
extension TokenStream {
    /// `a.b`, `a[b]`, `a[b:c]`, `a(b)`, any number of them.
    mutating func postfix(_ first: Expression) throws(ChatTemplateError) -> Expression {
        var value = first
        while true {
            try enter()
            let place = current.position
            if take(symbol: ".") {
                value = try attribute(of: value, place)
            } else if take(symbol: "[") {
                value = try subscripted(value, place)
            } else if take(symbol: "(") {
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
            try enter()
            let place = current.position
            if take(symbol: "|") {
                let text = try expectName()
                let name: FilterName = try known(text, "the filter '\(text)'", place)
                let arguments = take(symbol: "(") ? try arguments() : Arguments()
                value = Expression(position: place, kind: .filter(value, name, arguments))
            } else if take(name: "is") {
                value = try test(of: value, place)
            } else {
                return value
            }
        }
    }

    /// The filters of a block, of which the first stands without `|` where the tag begins with it.
    mutating func filters(of block: Expression, beginning: Bool) throws(ChatTemplateError) -> Expression {
        guard beginning else { return try filtersAndTests(block) }
        let place = current.position
        let text = try expectName()
        let name: FilterName = try known(text, "the filter '\(text)'", place)
        let arguments = take(symbol: "(") ? try arguments() : Arguments()
        return try filtersAndTests(Expression(position: place, kind: .filter(block, name, arguments)))
    }

    private mutating func attribute(
        of value: Expression, _ place: SourcePosition
    ) throws(ChatTemplateError) -> Expression {
        if case .integer(let index) = current.kind {
            advance()
            return Expression(
                position: place, kind: .item(value, Expression(position: place, kind: .integer(index))))
        }
        return Expression(position: place, kind: .attribute(value, try expectName()))
    }

    private mutating func subscripted(
        _ value: Expression, _ place: SourcePosition
    ) throws(ChatTemplateError) -> Expression {
        let start = isSymbol(":") ? nil : try expression()
        guard take(symbol: ":") else {
            try expect(.symbol("]"), "']'")
            guard let start else { throw .syntax("expected a subscript", place) }
            return Expression(position: place, kind: .item(value, start))
        }
        let stop = isSymbol(":") || isSymbol("]") ? nil : try expression()
        let step = take(symbol: ":") && !isSymbol("]") ? try expression() : nil
        try expect(.symbol("]"), "']'")
        return Expression(position: place, kind: .slice(value, start: start, stop: stop, step: step))
    }

    private mutating func arguments() throws(ChatTemplateError) -> Arguments {
        var result = Arguments()
        while !take(symbol: ")") {
            if isSymbol("*") || isSymbol("**") { throw .unsupported("arguments from a list", current.position) }
            let value = try expression()
            if case .name(let name) = value.kind, take(symbol: "=") {
                result.named.append(Arguments.Named(name: name, value: try expression()))
            } else {
                guard result.named.isEmpty else {
                    throw .syntax("a positional argument after a named one", value.position)
                }
                result.positional.append(value)
            }
            if take(symbol: ")") { break }
            try expect(.symbol(","), "',' or ')'")
        }
        return result
    }

    private mutating func test(
        of value: Expression, _ place: SourcePosition
    ) throws(ChatTemplateError) -> Expression {
        let isNegated = take(name: "not")
        let text = try expectName()
        let name: TestName = try known(TestName(named: text)?.rawValue ?? text, "the test '\(text)'", place)
        var arguments = Arguments()
        if take(symbol: "(") {
            arguments = try self.arguments()
        } else if startsTestArgument {
            let outer = try enter()
            defer { leave(to: outer) }
            arguments.positional = [try postfix(try primary())]
        }
        let result = Expression(position: place, kind: .test(value, name, arguments))
        return isNegated ? Expression(position: place, kind: .not(result)) : result
    }

    /// `x is divisibleby 3` takes its argument without parentheses.
    private var startsTestArgument: Bool {
        switch current.kind {
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
