// SPDX-License-Identifier: Apache-2.0

extension Renderer {
    /// The value of an expression.
    func evaluate(_ expression: Expression) throws(ChatTemplateError) -> TemplateValue {
        let place = expression.position
        try charge(1, place)
        switch expression.kind {
        case .none: return .none
        case .boolean(let truth): return .boolean(truth)
        case .integer(let value): return .integer(value)
        case .float(let value): return .float(value)
        case .text(let text): return .text(MarkedText(text, .template))
        case .name(let name): return value(of: name)
        case .list(let elements): return .list(try evaluate(elements))
        case .dictionary(let entries): return try dictionary(entries)
        case .attribute(let object, let name): return try attribute(name, of: try evaluate(object), place)
        case .item(let object, let key): return try item(try evaluate(key), of: try evaluate(object), place)
        case .slice(let object, let start, let stop, let step):
            let bounds = SliceBounds(
                start: try bound(start), stop: try bound(stop), step: try bound(step))
            return try slice(try evaluate(object), bounds, place)
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
        }
    }

    /// The values of a call's arguments.
    func evaluate(_ arguments: Arguments) throws(ChatTemplateError) -> CallArguments {
        var named: [String: TemplateValue] = [:]
        for argument in arguments.named { named[argument.name] = try evaluate(argument.value) }
        return CallArguments(positional: try evaluate(arguments.positional), named: named)
    }

    private func evaluate(_ expressions: [Expression]) throws(ChatTemplateError) -> [TemplateValue] {
        var values: [TemplateValue] = []
        for expression in expressions { values.append(try evaluate(expression)) }
        return values
    }

    private func dictionary(_ entries: [Expression.Entry]) throws(ChatTemplateError) -> TemplateValue {
        var result: [DictionaryEntry] = []
        for entry in entries {
            guard case .text(let key) = try evaluate(entry.key) else {
                throw .rendering("a mapping's key is no string", entry.key.position)
            }
            result.removeAll { $0.key == key }
            result.append(DictionaryEntry(key: key, value: try evaluate(entry.value)))
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

    /// `object.name`
    func attribute(
        _ name: String, of object: TemplateValue, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        switch object {
        case .undefined(let missing): throw .rendering("'\(missing)' is undefined, so it has no '\(name)'", place)
        case .dictionary(let entries):
            try charge(entries.count, place)
            let key = Array(name.utf8)
            return entries.first { $0.key.bytes == key }?.value ?? .undefined(name)
        case .namespace(let namespace): return namespace.entries[name] ?? .undefined(name)
        case .loop(let loop): return loop.attribute(name) ?? .undefined("loop.\(name)")
        default: return .undefined(name)
        }
    }

    /// `object[key]`
    private func item(
        _ key: TemplateValue, of object: TemplateValue, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        switch (object, key) {
        case (.undefined(let missing), _): throw .rendering("'\(missing)' is undefined, so it has no items", place)
        case (.list(let elements), .integer(let index)):
            let index = index < 0 ? index + elements.count : index
            return elements.indices.contains(index) ? elements[index] : .undefined("element \(index)")
        case (.text(let text), .integer(let index)):
            try charge(bytes: text.bytes.count, place)
            let offsets = text.characterOffsets
            let index = index < 0 ? index + offsets.count - 1 : index
            guard index >= 0, index < offsets.count - 1 else { return .undefined("character \(index)") }
            return .text(text.part(offsets[index]..<offsets[index + 1]))
        case (_, .text(let name)): return try attribute(name.string, of: object, place)
        default: return .undefined("item")
        }
    }

    private func slice(
        _ object: TemplateValue, _ bounds: SliceBounds, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        guard bounds.step != 0 else { throw .rendering("a slice's step is zero", place) }
        switch object {
        case .list(let elements):
            try charge(elements.count, place)
            return .list(bounds.indices(count: elements.count).map { elements[$0] })
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

/// The values in the parentheses of a call.
struct CallArguments {
    var positional: [TemplateValue]
    var named: [String: TemplateValue]

    /// The argument of a place or name; nil where it was not given.
    func value(_ index: Int, _ name: String) -> TemplateValue? {
        index < positional.count ? positional[index] : named[name]
    }
}

/// The parts of `[start:stop:step]`.
struct SliceBounds {
    let start: Int?
    let stop: Int?
    let step: Int?

    /// The places that a slice takes from a sequence of `count` elements, by Python's rules.
    func indices(count: Int) -> [Int] {
        let step = max(-Int(Int32.max), min(Int(Int32.max), step ?? 1))
        let isForward = step > 0
        func clamp(_ bound: Int?, _ missing: Int) -> Int {
            guard let bound else { return missing }
            let (shifted, _) = bound < 0 ? bound.addingReportingOverflow(count) : (bound, false)
            return max(isForward ? 0 : -1, min(shifted, isForward ? count : count - 1))
        }
        let first = clamp(start, isForward ? 0 : count - 1)
        let end = clamp(stop, isForward ? count : -1)
        return Array(stride(from: first, to: end, by: step))
    }
}
