// SPDX-License-Identifier: Apache-2.0

extension Renderer {
    private static let longestRange = 100_000

    /// The value of `callee(arguments)`.
    func call(
        _ callee: Expression, _ arguments: Arguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        if case .attribute(let object, let name) = callee.kind {
            let value = try evaluate(object)
            if let method = MethodName(rawValue: name), !holdsMacro(value, name) {
                if case .undefined(let missing) = value {
                    throw .rendering("'\(missing)' is undefined, so it has no '\(name)'", place)
                }
                return try access.method(method, of: value, try evaluate(arguments), place)
            }
            return try call(try access.attribute(name, of: value, place), try evaluate(arguments), place)
        }
        return try call(try evaluate(callee), try evaluate(arguments), place)
    }

    /// Whether a namespace has a macro under a method's name.
    private func holdsMacro(_ value: TemplateValue, _ name: String) -> Bool {
        if case .namespace(let namespace) = value, case .macro? = namespace.entries[name] { return true }
        return false
    }

    private func call(
        _ callee: TemplateValue, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        switch callee {
        case .macro(let macro): return try call(macro, arguments, place)
        case .loop(let state): return try recur(state, arguments, place)
        case .function(let function): return try call(function, arguments, place)
        default: throw .rendering("\(callee.kindName) is not a function", place)
        }
    }

    private func call(
        _ function: FunctionName, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        switch function {
        case .raiseException:
            let message = try arguments.value(0, "message").map { value throws(ChatTemplateError) in
                try values.printed(value, place).string
            }
            throw .raised(String((message ?? "no reason given").prefix(500)), place)
        case .strftimeNow:
            guard let format = arguments.value(0, "format")?.text else {
                throw .rendering("'strftime_now' needs a format", place)
            }
            try budget.charge(bytes: format.bytes.count, place)
            return .own(CalendarText(moment: moment).text(format.string))
        case .range: return try range(arguments, place)
        case .namespace:
            let entries = try entries(arguments, place)
            return try budget.namespace(DictionaryEntry.byName(entries), place)
        case .dict: return .dictionary(try entries(arguments, place))
        }
    }

    /// What `namespace` and `dict` are made of: a mapping, and named arguments, in their order.
    private func entries(
        _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> [DictionaryEntry] {
        guard let first = arguments.positional.first else { return arguments.namedEntries }
        guard case .mapping(let mapping) = first else { throw .rendering("a mapping is needed here", place) }
        try budget.charge(mapping.entries.count, place)
        var entries = mapping.entries
        for added in arguments.namedEntries {
            try budget.charge(entries.count, place)
            if let known = entries.firstIndex(where: { DictionaryEntry.areSame($0.key, added.key) }) {
                entries[known] = added
            } else {
                entries.append(added)
            }
        }
        return entries
    }

    private func range(
        _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        let numbers = arguments.positional.compactMap(\.wholeNumber)
        guard numbers.count == arguments.positional.count, (1...3).contains(numbers.count),
            numbers.allSatisfy({ abs(Double($0)) < 1e15 })
        else { throw .rendering("'range' needs one to three whole numbers", place) }
        let start = numbers.count == 1 ? 0 : numbers[0]
        let stop = numbers.count == 1 ? numbers[0] : numbers[1]
        let step = numbers.count == 3 ? numbers[2] : 1
        guard step != 0 else { throw .rendering("'range' has a step of zero", place) }
        guard (stop - start) / step <= Self.longestRange else {
            throw .limitExceeded("a range of \(Self.longestRange) numbers", place)
        }
        let values = stride(from: start, to: stop, by: step).map { TemplateValue.integer($0) }
        try budget.charge(values.count, place)
        return .list(values)
    }
}
