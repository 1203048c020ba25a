// SPDX-License-Identifier: Apache-2.0

extension Renderer {
    private static let longestRange = 100_000

    /// The value of `callee(arguments)`.
    func call(
        _ callee: Expression, _ arguments: Arguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        if case .attribute(let object, let name) = callee.kind, let method = MethodName(rawValue: name) {
            let value = try evaluate(object)
            if case .undefined(let missing) = value {
                throw .rendering("'\(missing)' is undefined, so it has no '\(name)'", place)
            }
            return try self.method(method, of: value, try evaluate(arguments), place)
        }
        let value = try evaluate(callee)
        if case .macro(let macro) = value { return try call(macro, try evaluate(arguments), place) }
        guard case .function(let function) = value else {
            throw .rendering("\(value.kindName) is not a function", place)
        }
        return try call(function, try evaluate(arguments), place)
    }

    private func call(
        _ function: FunctionName, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        switch function {
        case .raiseException:
            let message = arguments.value(0, "message")?.printed.string ?? "no reason given"
            throw .raised(String(message.prefix(500)), place)
        case .strftimeNow:
            guard case .text(let format)? = arguments.value(0, "format") else {
                throw .rendering("'strftime_now' needs a format", place)
            }
            try charge(bytes: format.bytes.count, place)
            return .own(CalendarText(moment: moment).text(format.string))
        case .range: return try range(arguments, place)
        case .namespace: return .namespace(TemplateNamespace(arguments.named))
        case .dict:
            let names = arguments.named.keys.sorted()
            return .dictionary(
                names.map { name in
                    DictionaryEntry(
                        key: MarkedText(name, .template), value: arguments.named[name] ?? .undefined(name))
                })
        }
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
        guard abs(stop - start) / abs(step) <= Self.longestRange else {
            throw .limitExceeded("a range of \(Self.longestRange) numbers", place)
        }
        let values = stride(from: start, to: stop, by: step).map { TemplateValue.integer($0) }
        try charge(values.count, place)
        return .list(values)
    }

    /// The value of `value.name(arguments)`.
    func method(
        _ name: MethodName, of value: TemplateValue, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        switch value {
        case .text(let text):
            try charge(bytes: text.bytes.count, place)
            return try textMethod(name, of: text, arguments, place)
        case .dictionary(let entries):
            try charge(entries.count, place)
            return try dictionaryMethod(name, of: entries, arguments, place)
        case .loop(let loop) where name == .cycle:
            guard !arguments.positional.isEmpty else { throw .rendering("'cycle' has nothing to choose from", place) }
            return arguments.positional[loop.index % arguments.positional.count]
        default: throw .rendering("\(value.kindName) has no method '\(name.rawValue)'", place)
        }
    }

    private func dictionaryMethod(
        _ name: MethodName, of entries: [DictionaryEntry], _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        switch name {
        case .items: return .list(entries.map { .list([.text($0.key), $0.value]) })
        case .keys: return .list(entries.map { .text($0.key) })
        case .values: return .list(entries.map(\.value))
        case .get:
            guard case .text(let key)? = arguments.positional.first else {
                throw .rendering("'get' needs a key", place)
            }
            return entries.first { $0.key == key }?.value ?? arguments.value(1, "default") ?? .none
        default: throw .rendering("a mapping has no method '\(name.rawValue)'", place)
        }
    }
}
