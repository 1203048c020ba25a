// SPDX-License-Identifier: Apache-2.0
internal import JSONReading

/// The filters and tests that are built in.
struct FilterSet {
    let access: ValueAccess

    var texts: TextOperations { access.texts }
    var values: ValueOperations { texts.values }
    var budget: RenderBudget { values.budget }

    /// The value of `value | name(arguments)`.
    func apply(
        _ name: FilterName, to value: TemplateValue, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        switch name {
        case .trim, .upper, .lower, .capitalize, .title, .string, .replace, .escape, .e, .forceescape, .urlencode,
            .wordcount, .center, .indent, .truncate, .format:
            return try texts.applyToText(name, try text(value, place), arguments, place)
        case .length, .count: return .integer(try length(value, place))
        case .default, .d: return defaulted(value, arguments)
        case .safe: return value
        case .tojson: return try json(value, arguments, place)
        case .fromJSON: return try read(value, place)
        case .int: return integer(value, arguments)
        case .float: return fraction(value, arguments)
        case .round: return try rounded(value, arguments, place)
        case .abs: return try absolute(value, place)
        case .attr:
            guard let attribute = arguments.positional.first?.text else {
                throw .rendering("'attr' needs a name", place)
            }
            // Entries of a mapping are no attributes.
            if case .mapping = value, !MethodName.allCases.contains(where: { $0.rawValue == attribute.string }) {
                return .undefined(attribute.string)
            }
            return try access.attribute(attribute.string, of: value, place)
        case .items:
            if case .undefined = value { return .list([]) }
            return try access.method(.items, of: value, arguments, place)
        case .dictsort: return .list(try dictionarySorted(value, arguments, place))
        // Of these Jinja looks at no element where the value is false, none included.
        case .map, .select, .reject, .selectattr, .rejectattr:
            guard value.isTrue else { return .list([]) }
            return try applyToList(name, try values.elements(of: value, place), arguments, place, original: value)
        default: return try applyToList(name, try values.elements(of: value, place), arguments, place, original: value)
        }
    }

    /// The value of a JSON text. No text in it is a control token, whoever wrote it.
    private func read(_ value: TemplateValue, _ place: SourcePosition) throws(ChatTemplateError) -> TemplateValue {
        guard let text = value.text else { throw .rendering("'from_json' needs a string", place) }
        try budget.charge(bytes: text.bytes.count, place)
        do throws(JSONError) {
            return TemplateValue(try JSONReader.read(text.bytes))
        } catch {
            throw .rendering("'from_json' cannot read its string: \(error)", place)
        }
    }

    private func applyToList(
        _ name: FilterName, _ elements: [TemplateValue], _ arguments: CallArguments, _ place: SourcePosition,
        original: TemplateValue
    ) throws(ChatTemplateError) -> TemplateValue {
        switch name {
        case .first: return elements.first ?? .undefined("first")
        case .last: return elements.last ?? .undefined("last")
        case .list: return .list(elements)
        case .join: return .text(try joined(elements, arguments, place))
        case .map: return .list(try mapped(elements, arguments, place))
        case .selectattr: return .list(try selected(elements, arguments, keeping: true, place))
        case .rejectattr: return .list(try selected(elements, arguments, keeping: false, place))
        case .select, .reject:
            return .list(try chosen(elements, arguments, keeping: name == .select, place))
        case .unique: return .list(try unique(elements, arguments, place))
        case .min, .max: return try extreme(elements, arguments, isLargest: name == .max, place)
        case .sum: return try total(elements, arguments, place)
        case .sort: return .list(try sorted(elements, arguments, place))
        case .groupby: return .list(try grouped(elements, arguments, place))
        case .batch: return .list(try batches(elements, arguments, place))
        case .slice: return .list(try slices(elements, arguments, place))
        case .reverse:
            guard case .text = original else { return .list(elements.reversed()) }
            return .text(try joined(elements.reversed(), CallArguments(), place))
        default: throw .rendering("the filter '\(name.rawValue)' does not take a list", place)
        }
    }

    private func text(_ value: TemplateValue, _ place: SourcePosition) throws(ChatTemplateError) -> MarkedText {
        let text = try values.printed(value, place)
        try budget.charge(bytes: text.bytes.count, place)
        return text
    }

    private func length(_ value: TemplateValue, _ place: SourcePosition) throws(ChatTemplateError) -> Int {
        switch value {
        case .undefined: return 0
        case .sequence(let sequence): return sequence.elements.count
        case .mapping(let mapping): return mapping.entries.count
        case .text(let text):
            try budget.charge(bytes: text.bytes.count, place)
            return text.characterOffsets.count - 1
        default: throw .rendering("\(value.kindName) has no length", place)
        }
    }

    private func defaulted(_ value: TemplateValue, _ arguments: CallArguments) -> TemplateValue {
        let replacement = arguments.value(0, "default_value") ?? .own("")
        if case .undefined = value { return replacement }
        let replacesFalse = arguments.value(1, "boolean")?.isTrue ?? false
        return replacesFalse && !value.isTrue ? replacement : value
    }

    private func json(
        _ value: TemplateValue, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        let style = try ValueWriter.JSONStyle(arguments, values, place)
        var writer = ValueWriter(values, place)
        try writer.putJSON(value, style)
        return .text(writer.output)
    }
}
