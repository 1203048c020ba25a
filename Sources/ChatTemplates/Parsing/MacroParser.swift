// SPDX-License-Identifier: Apache-2.0

/// Macros, calls with a body, and filters over blocks. All but the macro itself become statements that others know
/// too; names that begin with a zero byte cannot be written in a template.
extension StatementParser {
    private static let hidden = "\u{0}block"
    private static let hiddenCaller = "\u{0}caller"

    /// `{% macro name(a, b=1) %}...{% endmacro %}`
    mutating func macro() throws(ChatTemplateError) -> Statement.Kind {
        let name = try tokens.expectName()
        try tokens.expect(.symbol("("), "'('")
        let parameters = try parameters()
        try endBlock()
        let first = tokens.taken
        let body = try closedBody("endmacro", inLoop: false)
        let uses = tokens.uses(since: first)
        return .macro(name, made(parameters, body, uses))
    }

    /// `{% call(x) name(a) %}...{% endcall %}`: the body is a macro of its own, which the called one knows as `caller`.
    mutating func callBlock(_ position: SourcePosition) throws(ChatTemplateError) -> Statement.Kind {
        let parameters = tokens.take(symbol: "(") ? try parameters() : []
        let call = try expressions.expression()
        guard case .call(let callee, var arguments) = call.kind else {
            throw .syntax("'call' needs a call of a macro", call.position)
        }
        try endBlock()
        let first = tokens.taken
        let body = try closedBody("endcall", inLoop: false)
        let caller = Expression(position: position, kind: .name(Self.hiddenCaller))
        arguments.named.append(Arguments.Named(name: "caller", value: caller))
        let called = Expression(position: call.position, kind: .call(callee, arguments))
        return .conditional(
            [],
            otherwise: [
                Statement(
                    position: position,
                    kind: .macro(Self.hiddenCaller, made(parameters, body, tokens.uses(since: first)))),
                Statement(position: position, kind: .output(called)),
            ])
    }

    /// `{% filter name(a) %}...{% endfilter %}`
    mutating func filterBlock(inLoop: Bool, _ place: SourcePosition) throws(ChatTemplateError) -> Statement.Kind {
        let block = Expression(position: place, kind: .name(Self.hidden))
        let value = try expressions.filters(of: block, beginning: true)
        try endBlock()
        let body = try closedBody("endfilter", inLoop: inLoop)
        return .conditional(
            [],
            otherwise: [
                Statement(position: place, kind: .capture(Self.hidden, body)),
                Statement(position: place, kind: .output(value)),
            ])
    }

    /// `{% set name | filter %}...{% endset %}`
    mutating func filteredAssignment(_ name: String, inLoop: Bool) throws(ChatTemplateError) -> Statement.Kind {
        let place = tokens.current.position
        let value = try expressions.filters(of: Expression(position: place, kind: .name(Self.hidden)), beginning: false)
        try endBlock()
        let body = try closedBody("endset", inLoop: inLoop)
        return .conditional(
            [],
            otherwise: [
                Statement(position: place, kind: .capture(Self.hidden, body)),
                Statement(position: place, kind: .assign([name], value)),
            ])
    }

    private func made(
        _ parameters: [Statement.Macro.Parameter], _ body: [Statement], _ uses: Statement.Macro.Uses
    ) -> Statement.Macro {
        Statement.Macro(parameters: parameters, uses: uses, body: body)
    }

    /// A body up to its end tag, which is taken.
    mutating func closedBody(_ end: String, inLoop: Bool) throws(ChatTemplateError) -> [Statement] {
        let statements = try body(until: [end], inLoop: inLoop)
        tokens.advance()
        try endBlock()
        return statements
    }

    private mutating func parameters() throws(ChatTemplateError) -> [Statement.Macro.Parameter] {
        var result: [Statement.Macro.Parameter] = []
        while !tokens.take(symbol: ")") {
            let name = try tokens.expectName()
            let standard = tokens.take(symbol: "=") ? try expressions.expression() : nil
            result.append(Statement.Macro.Parameter(name: name, standard: standard))
            if tokens.take(symbol: ")") { break }
            try tokens.expect(.symbol(","), "',' or ')'")
        }
        return result
    }
}
