// SPDX-License-Identifier: Apache-2.0

/// Carries a template out for one conversation. Used once.
final class Renderer {
    /// Expressions, statements and macros inside one another; a template cannot exhaust the thread's stack.
    private static let deepestNesting = 500
    /// Containers inside one another: printing and releasing them takes as many levels of the stack.
    private static let deepestValue = 100
    private static let maxNamespaces = 1_000

    enum Flow {
        case onward, breakLoop, continueLoop
    }

    let limits: RenderLimits
    /// What `strftime_now` tells: seconds since 1970, UTC.
    let moment: Int
    /// The innermost scope is the last; the first holds the input.
    var scopes: [[String: TemplateValue]]
    var output = MarkedText()
    private var stepsLeft: Int
    private var nesting = 0
    private var namespaces: [TemplateNamespace] = []
    /// The lists that grew.
    private var grownLists: [TemplateSequence] = []

    /// A renderer for the names that a template begins with.
    init(_ names: [String: TemplateValue], moment: Int, limits: RenderLimits) {
        self.limits = limits
        self.moment = moment
        stepsLeft = limits.steps
        scopes = [names]
    }

    /// A namespace or a list that grew may hold itself, which nothing else would release. Those that hold one another
    /// in a long chain are released one by one, and not each by the one before, which would take the stack.
    deinit {
        for namespace in namespaces { namespace.clear() }
        for list in grownLists { list.clear() }
    }

    /// The text of the whole template.
    func render(_ statements: [Statement]) throws(ChatTemplateError) -> MarkedText {
        _ = try run(statements)
        return output
    }

    /// Counts work; `amount` is 1 for a part and more for one that handles much.
    func charge(_ amount: Int, _ place: SourcePosition) throws(ChatTemplateError) {
        stepsLeft -= amount
        guard stepsLeft >= 0 else { throw .limitExceeded("\(limits.steps) steps", place) }
    }

    /// Refuses texts above the limit.
    func checkSize(_ bytes: Int, _ place: SourcePosition) throws(ChatTemplateError) {
        guard bytes <= limits.outputBytes else { throw .limitExceeded("\(limits.outputBytes) bytes of text", place) }
    }

    /// Counts a text that is handled or about to be made.
    func charge(bytes: Int, _ place: SourcePosition) throws(ChatTemplateError) {
        try checkSize(bytes, place)
        try charge(bytes / 64, place)
    }

    /// Begins a part inside of another one; `leave` follows in every case.
    func enter(_ place: SourcePosition) throws(ChatTemplateError) {
        nesting += 1
        guard nesting <= Self.deepestNesting else {
            throw .limitExceeded("\(Self.deepestNesting) parts inside one another", place)
        }
    }

    /// Ends a part.
    func leave() { nesting -= 1 }

    /// A value that is not deeper than printing and releasing bear.
    func checked(_ value: TemplateValue, _ place: SourcePosition) throws(ChatTemplateError) -> TemplateValue {
        guard value.depth <= Self.deepestValue else {
            throw .limitExceeded("\(Self.deepestValue) lists inside one another", place)
        }
        return value
    }

    /// A new namespace, which ends with the rendering.
    func namespace(
        _ entries: [String: TemplateValue], _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        guard namespaces.count < Self.maxNamespaces else {
            throw .limitExceeded("\(Self.maxNamespaces) namespaces", place)
        }
        let made = TemplateNamespace(entries)
        namespaces.append(made)
        return .namespace(made)
    }

    /// `list.append(value)`. (Jinja's sandbox, in which transformers renders, refuses it; other servers of templates have
    /// it, and templates in use need it.)
    func append(
        _ value: TemplateValue, to list: TemplateSequence, _ place: SourcePosition
    ) throws(ChatTemplateError) {
        guard !list.isTuple else { throw .rendering("a tuple has no method 'append'", place) }
        try charge(1, place)
        _ = try checked(.list([value]), place)
        grownLists.append(list)
        list.append(value)
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
            try charge(1, statement.position)
            try enter(statement.position)
            let flow = try run(statement)
            leave()
            guard flow == .onward else { return flow }
        }
        return .onward
    }

    private func run(_ statement: Statement) throws(ChatTemplateError) -> Flow {
        let place = statement.position
        switch statement.kind {
        case .text(let text): try print(MarkedText(text, .template), place)
        case .output(let expression): try print(try printed(try evaluate(expression), place), place)
        case .loop(let loop):
            return try run(
                loop, over: try elements(of: try evaluate(loop.iterable), loop.iterable.position), level: 0, place)
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
        let parts = try elements(of: value, place)
        guard parts.count == targets.count else {
            throw .rendering("\(parts.count) values cannot be given to \(targets.count) names", place)
        }
        for (target, part) in zip(targets, parts) { assign(target, part) }
    }

    private func print(_ text: MarkedText, _ place: SourcePosition) throws(ChatTemplateError) {
        try checkSize(output.bytes.count + text.bytes.count, place)
        try charge(bytes: text.bytes.count, place)
        output.append(text)
    }
}
