// SPDX-License-Identifier: Apache-2.0

/// Methods of mappings, lists and loops; those of strings are `TextOperations`.
extension ValueAccess {
    /// The value of `value.name(arguments)`.
    func method(
        _ name: MethodName, of value: TemplateValue, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        switch value {
        case .text(let text):
            try budget.charge(bytes: text.bytes.count, place)
            return try texts.textMethod(name, of: text, arguments, place)
        case .mapping(let mapping):
            try budget.charge(mapping.entries.count, place)
            return try mappingMethod(name, of: mapping, arguments, place)
        case .sequence(let sequence): return try sequenceMethod(name, of: sequence, arguments, place)
        case .loop(let loop) where name == .cycle:
            guard !arguments.positional.isEmpty else { throw .rendering("'cycle' has nothing to choose from", place) }
            return arguments.positional[loop.index % arguments.positional.count]
        case .loop(let loop) where name == .changed:
            let isSame = try values.areEqual(
                .list(loop.run.lastChecked ?? []), .list(arguments.positional), place)
            defer { loop.run.lastChecked = arguments.positional }
            return .boolean(loop.run.lastChecked == nil || !isSame)
        default: throw .rendering("\(value.kindName) has no method '\(name.rawValue)'", place)
        }
    }

    private func mappingMethod(
        _ name: MethodName, of mapping: TemplateMapping, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        switch name {
        case .items: return .list(mapping.entries.map { .tuple([$0.key, $0.value]) })
        case .keys: return .list(mapping.entries.map(\.key))
        case .values: return .list(mapping.entries.map(\.value))
        case .copy: return .mapping(mapping)
        case .get:
            guard let key = arguments.positional.first else { throw .rendering("'get' needs a key", place) }
            return mapping.value(of: key) ?? arguments.value(1, "default") ?? .none
        default: throw .rendering("a mapping has no method '\(name.rawValue)'", place)
        }
    }

    private func sequenceMethod(
        _ name: MethodName, of sequence: TemplateSequence, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        if name == .copy { return .sequence(TemplateSequence(sequence.elements, isTuple: sequence.isTuple)) }
        if name == .append {
            guard let element = arguments.positional.first else { throw .rendering("'append' needs a value", place) }
            try budget.append(element, to: sequence, place)
            return .none
        }
        guard name == .count || name == .index, let wanted = arguments.positional.first else {
            throw .rendering("a list has no method '\(name.rawValue)'", place)
        }
        var count = 0
        for (index, element) in sequence.elements.enumerated() where try values.areEqual(element, wanted, place) {
            if name == .index { return .integer(index) }
            count += 1
        }
        guard name == .count else { throw .rendering("the list does not hold what is looked for", place) }
        return .integer(count)
    }
}
