// SPDX-License-Identifier: Apache-2.0

/// Carries a template out for one conversation. Used once.
///
/// It knows statements, names and expressions. What values can do is known one below the other by `FilterSet` (filters
/// and tests), `ValueAccess` (attributes, items, methods), `TextOperations` and `ValueOperations` (operators), over one
/// `RenderBudget`.
final class Renderer {
    enum Flow {
        case onward, breakLoop, continueLoop
    }

    let filters: FilterSet
    /// What `strftime_now` tells: seconds since 1970, UTC.
    let moment: Int
    /// The innermost scope is the last; the first holds the input.
    var scopes: [[String: TemplateValue]]
    var output = MarkedText()
    var access: ValueAccess { filters.access }
    var texts: TextOperations { access.texts }
    var values: ValueOperations { texts.values }
    var budget: RenderBudget { values.budget }

    /// A renderer for the names that a template begins with.
    init(_ names: [String: TemplateValue], moment: Int, limits: RenderLimits) {
        self.moment = moment
        filters = FilterSet(
            access: ValueAccess(texts: TextOperations(values: ValueOperations(budget: RenderBudget(limits)))))
        scopes = [names]
    }

    /// The text of the whole template.
    func render(_ statements: [Statement]) throws(ChatTemplateError) -> MarkedText {
        _ = try run(statements)
        return output
    }

    /// The value of a name; functions where nothing else has it.
    func value(of name: String) -> TemplateValue {
        for scope in scopes.reversed() {
            if let value = scope[name] { return value }
        }
        return FunctionName(rawValue: name).map(TemplateValue.function) ?? .undefined(name)
    }

    /// Gives a name of the innermost scope a value.
    func assign(_ name: String, _ value: TemplateValue) {
        scopes[scopes.count - 1][name] = value
    }

    /// Carries out one statement after another, up to a `break` or `continue`.
    func run(_ statements: [Statement]) throws(ChatTemplateError) -> Flow {
        for statement in statements {
            try budget.charge(1, statement.position)
            try budget.enter(statement.position)
            let flow = try run(statement)
            budget.leave()
            guard flow == .onward else { return flow }
        }
        return .onward
    }

    private func run(_ statement: Statement) throws(ChatTemplateError) -> Flow {
        let place = statement.position
        switch statement.kind {
        case .text(let text): try print(MarkedText(text, .template), place)
        case .output(let expression): try print(try values.printed(try evaluate(expression), place), place)
        case .loop(let loop):
            return try run(
                loop, over: try values.elements(of: try evaluate(loop.iterable), loop.iterable.position), level: 0,
                place)
        case .conditional(let branches, let otherwise):
            for branch in branches where try evaluate(branch.condition).isTrue { return try run(branch.body) }
            return try run(otherwise)
        case .assign(let targets, let expression): try bind(targets, try evaluate(expression), place)
        case .assignAttribute(let name, let attribute, let expression):
            guard case .namespace(let namespace) = value(of: name) else {
                throw .rendering("'\(name)' is no namespace, only those have attributes to set", place)
            }
            namespace.set(attribute, try evaluate(expression))
        case .capture(let name, let body):
            let outer = output
            output = MarkedText()
            let flow = try run(body)
            assign(name, .text(output))
            output = outer
            return flow
        case .with(let assignments, let body):
            var scope: [String: TemplateValue] = [:]
            for assignment in assignments { scope[assignment.name] = try evaluate(assignment.value) }
            scopes.append(scope)
            defer { scopes.removeLast() }
            return try run(body)
        case .macro(let name, let macro): define(name, macro)
        case .breakLoop: return .breakLoop
        case .continueLoop: return .continueLoop
        }
        return .onward
    }

    /// Gives names the value, or its parts where there are several.
    func bind(
        _ targets: [String], _ value: TemplateValue, _ place: SourcePosition
    ) throws(ChatTemplateError) {
        guard targets.count > 1 else { return assign(targets[0], value) }
        let parts = try values.elements(of: value, place)
        guard parts.count == targets.count else {
            throw .rendering("\(parts.count) values cannot be given to \(targets.count) names", place)
        }
        for (target, part) in zip(targets, parts) { assign(target, part) }
    }

    private func print(_ text: MarkedText, _ place: SourcePosition) throws(ChatTemplateError) {
        try budget.checkSize(output.bytes.count + text.bytes.count, place)
        try budget.charge(bytes: text.bytes.count, place)
        output.append(text)
    }
}
