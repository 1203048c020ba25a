// SPDX-License-Identifier: Apache-2.0

extension Renderer {
    /// Gives a macro its name. The body of a call block also sees the names around it.
    func define(_ name: String, _ macro: Statement.Macro) {
        var around: [[String: TemplateValue]]?
        if name.first == "\u{0}" {
            // Without those of blocks before, so that blocks do not hold one another in a chain.
            around = scopes.map { scope in scope.filter { $0.key.first != "\u{0}" } }
        }
        assign(name, .macro(MacroValue(name: name, macro: macro, scopes: around)))
    }

    /// The text of a macro's body.
    func call(
        _ value: MacroValue, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        let outerScopes = scopes
        let outer = output
        scopes = value.scopes ?? [scopes[0]]
        scopes.append([:])
        output = MarkedText()
        try bind(value, arguments, place)
        _ = try run(value.macro.body)
        let text = output
        scopes = outerScopes
        output = outer
        return .text(text)
    }

    private func bind(
        _ value: MacroValue, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) {
        let parameters = value.macro.parameters
        for (index, parameter) in parameters.enumerated() {
            if index < arguments.positional.count {
                guard arguments.named[parameter.name] == nil else {
                    throw .rendering("the macro '\(value.name)' takes '\(parameter.name)' once", place)
                }
                assign(parameter.name, arguments.positional[index])
            } else if let given = arguments.named[parameter.name] {
                assign(parameter.name, given)
            } else if let standard = parameter.standard {
                assign(parameter.name, try evaluate(standard))
            } else {
                assign(parameter.name, .undefined(parameter.name))
            }
        }
        let names = parameters.map(\.name) + ["caller"]
        let others = arguments.named(except: names)
        let uses = value.macro.uses
        guard arguments.positional.count <= parameters.count || uses.contains(.others),
            others.isEmpty || uses.contains(.namedOthers)
        else { throw .rendering("the macro '\(value.name)' does not take these arguments", place) }
        if let caller = arguments.named["caller"] { assign("caller", caller) }
        if uses.contains(.others) {
            assign("varargs", .tuple(Array(arguments.positional.dropFirst(parameters.count))))
        }
        if uses.contains(.namedOthers) {
            assign("kwargs", .dictionary(others))
        }
    }
}
