// SPDX-License-Identifier: Apache-2.0

extension Renderer {
    /// The value of an expression.
    func evaluate(_ expression: Expression) throws(ChatTemplateError) -> TemplateValue {
        let place = expression.position
        try charge(1, place)
        try enter(place)
        let value = try value(of: expression, place)
        leave()
        return try checked(value, place)
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
        case .attribute(let object, let name): return try attribute(name, of: try evaluate(object), place)
        case .item(let object, let key):
            let object = try evaluate(object)
            return try item(try evaluate(key), of: object, place)
        case .slice(let object, let start, let stop, let step):
            let object = try evaluate(object)
            let bounds = SliceBounds(
                start: try bound(start), stop: try bound(stop), step: try bound(step))
            return try slice(object, bounds, place)
        case .call(let callee, let arguments): return try call(callee, arguments, place)
        case .filter(let value, let name, let arguments):
            return try apply(name, to: try evaluate(value), try evaluate(arguments), place)
        case .test(let value, let name, let arguments):
            return .boolean(try holds(name, try evaluate(value), try evaluate(arguments), place))
        case .not(let value): return .boolean(!(try evaluate(value).isTrue))
        case .negate(let value): return try negated(try evaluate(value), place)
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
            try charge(result.count, entry.key.position)
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

    /// `object.name`: what belongs to the kind of value comes before an entry of the same name.
    func attribute(
        _ name: String, of object: TemplateValue, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        switch object {
        case .undefined(let missing): throw .rendering("'\(missing)' is undefined, so it has no '\(name)'", place)
        case .mapping(let mapping):
            try charge(mapping.entries.count, place)
            if Self.mappingMethods.contains(name) { return .method(name) }
            return mapping[Array(name.utf8)] ?? .undefined(name)
        case .namespace(let namespace): return namespace.entries[name] ?? .undefined(name)
        case .loop(let loop): return loop.attribute(name) ?? .undefined("loop.\(name)")
        case .macro(let macro) where name == "name": return .own(macro.name)
        case .text where MethodName(rawValue: name) != nil: return .method(name)
        default: return .undefined(name)
        }
    }

    /// What every mapping of Python has, those that change it included.
    private static let mappingMethods: Set<String> = [
        "items", "keys", "values", "get", "copy", "pop", "popitem", "update", "clear", "setdefault", "fromkeys",
    ]

    /// `object[key]`: an entry comes before what belongs to the kind of value.
    func item(
        _ key: TemplateValue, of object: TemplateValue, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        switch (object, key) {
        case (.undefined(let missing), _): throw .rendering("'\(missing)' is undefined, so it has no items", place)
        case (.mapping(let mapping), .text(let name)):
            try charge(mapping.entries.count, place)
            if let value = mapping[name.bytes] { return value }
            return try attribute(name.string, of: object, place)
        case (.mapping(let mapping), _):
            try charge(mapping.entries.count, place)
            return mapping.value(of: key) ?? .undefined("item")
        case (.sequence(let sequence), _) where key.wholeNumber != nil:
            let number = key.wholeNumber ?? 0
            let index = number < 0 ? number + sequence.elements.count : number
            let elements = sequence.elements
            return elements.indices.contains(index) ? elements[index] : .undefined("element \(number)")
        case (.text(let text), _) where key.wholeNumber != nil:
            let number = key.wholeNumber ?? 0
            try charge(bytes: text.bytes.count, place)
            let offsets = text.characterOffsets
            let index = number < 0 ? number + offsets.count - 1 : number
            guard index >= 0, index < offsets.count - 1 else { return .undefined("character \(number)") }
            return .text(text.part(offsets[index]..<offsets[index + 1]))
        case (_, .text(let name)): return try attribute(name.string, of: object, place)
        default: return .undefined("item")
        }
    }

    /// The value at a path such as `function.name`, as filters take it.
    func value(
        at path: TemplateValue, of object: TemplateValue, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        guard let text = path.text else { return try item(path, of: object, place) }
        var value = object
        for part in text.string.split(separator: ".", omittingEmptySubsequences: false) {
            let key = Int(part).map(TemplateValue.integer) ?? .own(String(part))
            value = try item(key, of: value, place)
        }
        return value
    }

    private func slice(
        _ object: TemplateValue, _ bounds: SliceBounds, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        guard bounds.step != 0 else { throw .rendering("a slice's step is zero", place) }
        switch object {
        case .sequence(let sequence):
            let elements = sequence.elements
            try charge(elements.count, place)
            let chosen = bounds.indices(count: elements.count).map { elements[$0] }
            return .sequence(TemplateSequence(chosen, isTuple: sequence.isTuple))
        case .text(let text):
            try charge(bytes: text.bytes.count, place)
            let offsets = text.characterOffsets
            let indices = bounds.indices(count: offsets.count - 1)
            guard bounds.step ?? 1 != 1 else {
                guard let first = indices.first, let last = indices.last else { return .text(MarkedText()) }
                return .text(text.part(offsets[first]..<offsets[last + 1]))
            }
            try charge(indices.count, place)
            var result = MarkedText()
            for index in indices { result.append(text.part(offsets[index]..<offsets[index + 1])) }
            return .text(result)
        default: throw .rendering("\(object.kindName) has no slices", place)
        }
    }
}
