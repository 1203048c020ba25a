// SPDX-License-Identifier: Apache-2.0

extension Renderer {
    /// The value of an expression.
    func evaluate(_ expression: Expression) throws(ChatTemplateError) -> TemplateValue {
        let place = expression.position
        try budget.charge(1, place)
        try budget.enter(place)
        let value = try value(of: expression, place)
        budget.leave()
        return try budget.checked(value, place)
    }

    private func value(
        of expression: Expression, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        switch expression.kind {
        case .none: return .none
        case .boolean(let truth): return .boolean(truth)
        case .integer(let value): return .integer(value)
        case .float(let value): return .float(value)
        case .text(let text): return .text(MarkedText(text, .template))
        case .name(let name): return value(of: name)
        case .list(let elements): return .list(try evaluate(elements))
        case .tuple(let elements): return .tuple(try evaluate(elements))
        case .dictionary(let entries): return try dictionary(entries)
        default: return try operation(expression, place)
        }
    }

    private func operation(
        _ expression: Expression, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        switch expression.kind {
        case .attribute(let object, let name): return try access.attribute(name, of: try evaluate(object), place)
        case .item(let object, let key):
            let object = try evaluate(object)
            return try access.item(try evaluate(key), of: object, place)
        case .slice(let object, let start, let stop, let step):
            let object = try evaluate(object)
            let bounds = SliceBounds(
                start: try bound(start), stop: try bound(stop), step: try bound(step))
            return try access.slice(object, bounds, place)
        case .call(let callee, let arguments): return try call(callee, arguments, place)
        case .filter(let value, let name, let arguments):
            return try filters.apply(name, to: try evaluate(value), try evaluate(arguments), place)
        case .test(let value, let name, let arguments):
            return .boolean(try filters.holds(name, try evaluate(value), try evaluate(arguments), place))
        case .not(let value): return .boolean(!(try evaluate(value).isTrue))
        case .negate(let value): return try values.negated(try evaluate(value), place)
        case .binary(let operation, let left, let right): return try binary(operation, left, right, place)
        case .conditional(let then, let condition, let otherwise):
            if try evaluate(condition).isTrue { return try evaluate(then) }
            return try otherwise.map { value throws(ChatTemplateError) in try evaluate(value) } ?? .undefined("else")
        default: return .undefined("expression")
        }
    }

    /// The values of a call's arguments.
    func evaluate(_ arguments: Arguments) throws(ChatTemplateError) -> CallArguments {
        var named: [String: TemplateValue] = [:]
        for argument in arguments.named { named[argument.name] = try evaluate(argument.value) }
        return CallArguments(
            positional: try evaluate(arguments.positional), named: named, names: arguments.named.map(\.name))
    }

    private func evaluate(_ expressions: [Expression]) throws(ChatTemplateError) -> [TemplateValue] {
        var values: [TemplateValue] = []
        for expression in expressions { values.append(try evaluate(expression)) }
        return values
    }

    private func dictionary(_ entries: [Expression.Entry]) throws(ChatTemplateError) -> TemplateValue {
        var result: [DictionaryEntry] = []
        for entry in entries {
            let key = try evaluate(entry.key)
            guard DictionaryEntry.mayBeKey(key) else {
                throw .rendering("\(key.kindName) cannot be a mapping's key", entry.key.position)
            }
            let value = try evaluate(entry.value)
            if let same = result.firstIndex(where: { DictionaryEntry.areSame($0.key, key) }) {
                // The first of equal keys stays: `{1: 'a', true: 'b'}` is `{1: 'b'}`.
                result[same] = DictionaryEntry(key: result[same].key, value: value)
            } else {
                result.append(DictionaryEntry(key: key, value: value))
            }
            try budget.charge(result.count, entry.key.position)
        }
        return .dictionary(result)
    }

    private func bound(_ expression: Expression?) throws(ChatTemplateError) -> Int? {
        guard let expression else { return nil }
        let value = try evaluate(expression)
        if case .none = value { return nil }
        guard let number = value.wholeNumber else {
            throw .rendering("a slice's bound is \(value.kindName)", expression.position)
        }
        return number
    }
}
