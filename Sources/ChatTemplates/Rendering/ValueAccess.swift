// SPDX-License-Identifier: Apache-2.0

/// What belongs to a value: attributes, items, parts and methods.
struct ValueAccess {
    let texts: TextOperations

    var values: ValueOperations { texts.values }
    var budget: RenderBudget { values.budget }

    /// `object.name`: what belongs to the kind of value comes before an entry of the same name.
    func attribute(
        _ name: String, of object: TemplateValue, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        switch object {
        case .undefined(let missing): throw .rendering("'\(missing)' is undefined, so it has no '\(name)'", place)
        case .mapping(let mapping):
            try budget.charge(mapping.entries.count, place)
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
            try budget.charge(mapping.entries.count, place)
            if let value = mapping[name.bytes] { return value }
            return try attribute(name.string, of: object, place)
        case (.mapping(let mapping), _):
            try budget.charge(mapping.entries.count, place)
            return mapping.value(of: key) ?? .undefined("item")
        case (.sequence(let sequence), _) where key.wholeNumber != nil:
            let number = key.wholeNumber ?? 0
            let index = number < 0 ? number + sequence.elements.count : number
            let elements = sequence.elements
            return elements.indices.contains(index) ? elements[index] : .undefined("element \(number)")
        case (.text(let text), _) where key.wholeNumber != nil:
            let number = key.wholeNumber ?? 0
            try budget.charge(bytes: text.bytes.count, place)
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

    /// `object[start:stop:step]`
    func slice(
        _ object: TemplateValue, _ bounds: SliceBounds, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        guard bounds.step != 0 else { throw .rendering("a slice's step is zero", place) }
        switch object {
        case .sequence(let sequence):
            let elements = sequence.elements
            try budget.charge(elements.count, place)
            let chosen = bounds.indices(count: elements.count).map { elements[$0] }
            return .sequence(TemplateSequence(chosen, isTuple: sequence.isTuple))
        case .text(let text):
            try budget.charge(bytes: text.bytes.count, place)
            let offsets = text.characterOffsets
            let indices = bounds.indices(count: offsets.count - 1)
            guard bounds.step ?? 1 != 1 else {
                guard let first = indices.first, let last = indices.last else { return .text(MarkedText()) }
                return .text(text.part(offsets[first]..<offsets[last + 1]))
            }
            try budget.charge(indices.count, place)
            var result = MarkedText()
            for index in indices { result.append(text.part(offsets[index]..<offsets[index + 1])) }
            return .text(result)
        default: throw .rendering("\(object.kindName) has no slices", place)
        }
    }
}
