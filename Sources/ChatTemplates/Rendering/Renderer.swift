// SPDX-License-Identifier: Apache-2.0

/// Carries a template out for one conversation. Used once.
final class Renderer {
    /// Macros inside one another; a template cannot exhaust the thread's stack.
    private static let deepestCalls = 16

    private enum Flow {
        case onward, breakLoop, continueLoop
    }

    private let limits: RenderLimits
    /// What `strftime_now` tells: seconds since 1970, UTC.
    let moment: Int
    private var stepsLeft: Int
    private var output = MarkedText()
    private var calls = 0
    /// The innermost scope is the last; the first holds the input.
    private var scopes: [[String: TemplateValue]]

    /// A renderer for the names that a template begins with.
    init(_ names: [String: TemplateValue], moment: Int, limits: RenderLimits) {
        self.limits = limits
        self.moment = moment
        stepsLeft = limits.steps
        scopes = [names]
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

    /// The value of a name; functions where nothing else has it.
    func value(of name: String) -> TemplateValue {
        for scope in scopes.reversed() {
            if let value = scope[name] { return value }
        }
        return FunctionName(rawValue: name).map(TemplateValue.function) ?? .undefined(name)
    }

    private func assign(_ name: String, _ value: TemplateValue) {
        scopes[scopes.count - 1][name] = value
    }

    private func run(_ statements: [Statement]) throws(ChatTemplateError) -> Flow {
        for statement in statements {
            let flow = try run(statement)
            guard flow == .onward else { return flow }
        }
        return .onward
    }

    private func run(_ statement: Statement) throws(ChatTemplateError) -> Flow {
        try charge(1, statement.position)
        switch statement.kind {
        case .text(let text): try print(MarkedText(text, .template), statement.position)
        case .output(let expression): try print(try evaluate(expression).printed, statement.position)
        case .loop(let loop): return try run(loop, statement.position)
        case .conditional(let branches, let otherwise):
            for branch in branches where try evaluate(branch.condition).isTrue { return try run(branch.body) }
            return try run(otherwise)
        case .assign(let name, let expression): assign(name, try evaluate(expression))
        case .assignAttribute(let name, let attribute, let expression):
            guard case .namespace(let namespace) = value(of: name) else {
                throw .rendering("'\(name)' is no namespace, only those have attributes to set", statement.position)
            }
            namespace.set(attribute, try evaluate(expression))
        case .capture(let name, let body):
            let outer = output
            output = MarkedText()
            let flow = try run(body)
            assign(name, .text(output))
            output = outer
            return flow
        case .macro(let name, let macro):
            let isCaller = name.first == "\u{0}"
            assign(name, .macro(MacroValue(name: name, macro: macro, scopes: isCaller ? scopes : nil)))
        case .breakLoop: return .breakLoop
        case .continueLoop: return .continueLoop
        }
        return .onward
    }

    /// The text of a macro's body.
    func call(
        _ value: MacroValue, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        guard calls < Self.deepestCalls else {
            throw .limitExceeded("\(Self.deepestCalls) macros inside one another", place)
        }
        let parameters = value.macro.parameters
        let names = parameters.map(\.name) + ["caller"]
        guard arguments.positional.count <= parameters.count, arguments.named.keys.allSatisfy(names.contains) else {
            throw .rendering("the macro '\(value.name)' does not take these arguments", place)
        }
        let outerScopes = scopes
        let outer = output
        scopes = value.scopes ?? [scopes[0]]
        scopes.append(arguments.named)
        output = MarkedText()
        calls += 1
        for (index, parameter) in parameters.enumerated() {
            if index < arguments.positional.count {
                assign(parameter.name, arguments.positional[index])
            } else if arguments.named[parameter.name] == nil {
                assign(parameter.name, try parameter.standard.map(evaluateStandard) ?? .undefined(parameter.name))
            }
        }
        _ = try run(value.macro.body)
        let text = output
        calls -= 1
        scopes = outerScopes
        output = outer
        return .text(text)
    }

    private func evaluateStandard(_ expression: Expression) throws(ChatTemplateError) -> TemplateValue {
        try evaluate(expression)
    }

    private func print(_ text: MarkedText, _ place: SourcePosition) throws(ChatTemplateError) {
        try checkSize(output.bytes.count + text.bytes.count, place)
        try charge(bytes: text.bytes.count, place)
        output.append(text)
    }

    private func run(_ loop: Statement.Loop, _ place: SourcePosition) throws(ChatTemplateError) -> Flow {
        var elements = try elements(of: try evaluate(loop.iterable), loop.iterable.position)
        if let filter = loop.filter {
            var kept: [TemplateValue] = []
            for element in elements {
                scopes.append(try scope(loop.targets, element, place))
                if try evaluate(filter).isTrue { kept.append(element) }
                scopes.removeLast()
            }
            elements = kept
        }
        guard !elements.isEmpty else { return try run(loop.otherwise) }
        for (index, element) in elements.enumerated() {
            try charge(1, place)
            var scope = try scope(loop.targets, element, place)
            scope["loop"] = .loop(LoopState(elements: elements, index: index))
            scopes.append(scope)
            let flow = try run(loop.body)
            scopes.removeLast()
            if flow == .breakLoop { break }
        }
        return .onward
    }

    private func scope(
        _ targets: [String], _ element: TemplateValue, _ place: SourcePosition
    ) throws(ChatTemplateError) -> [String: TemplateValue] {
        guard targets.count > 1 else { return [targets[0]: element] }
        guard case .list(let parts) = element, parts.count == targets.count else {
            throw .rendering("\(element.kindName) cannot be taken apart into \(targets.count) names", place)
        }
        return Dictionary(zip(targets, parts)) { _, last in last }
    }

    /// What a loop, `list` or `join` runs over.
    func elements(
        of value: TemplateValue, _ place: SourcePosition
    ) throws(ChatTemplateError) -> [TemplateValue] {
        switch value {
        case .undefined: return []
        case .list(let elements):
            try charge(elements.count, place)
            return elements
        case .dictionary(let entries):
            try charge(entries.count, place)
            return entries.map { .text($0.key) }
        case .text(let text):
            try charge(text.bytes.count, place)
            let offsets = text.characterOffsets
            return zip(offsets, offsets.dropFirst()).map { .text(text.part($0..<$1)) }
        default: throw .rendering("\(value.kindName) cannot be run over", place)
        }
    }
}
