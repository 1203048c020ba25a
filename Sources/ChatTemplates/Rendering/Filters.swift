// SPDX-License-Identifier: Apache-2.0

extension Renderer {
    /// The value of `value | name(arguments)`.
    func apply(
        _ name: FilterName, to value: TemplateValue, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        switch name {
        case .trim: return try method(.strip, of: .text(try text(value, place)), arguments, place)
        case .upper, .lower, .capitalize, .title:
            guard let method = MethodName(rawValue: name.rawValue) else { return value }
            return try self.method(
                method, of: .text(try text(value, place)), CallArguments(positional: [], named: [:]), place)
        case .replace: return try method(.replace, of: .text(try text(value, place)), arguments, place)
        case .length, .count: return .integer(try length(value, place))
        case .default, .d: return defaulted(value, arguments)
        case .string: return .text(try text(value, place))
        case .safe: return value
        case .tojson: return try json(value, arguments, place)
        case .int: return integer(value, arguments)
        case .abs: return try absolute(value, place)
        case .items: return try method(.items, of: value, arguments, place)
        default: return try applyToList(name, try elements(of: value, place), arguments, place, original: value)
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
        case .join: return try join(elements, arguments, place)
        case .map: return .list(try mapped(elements, arguments, place))
        case .selectattr: return .list(try selected(elements, arguments, keeping: true, place))
        case .rejectattr: return .list(try selected(elements, arguments, keeping: false, place))
        case .select, .reject:
            return .list(try chosen(elements, arguments, keeping: name == .select, place))
        case .unique, .min, .max, .sum: return try reduced(name, elements, place)
        case .reverse:
            guard case .text = original else { return .list(elements.reversed()) }
            return try join(elements.reversed(), CallArguments(positional: [], named: [:]), place)
        default: throw .rendering("the filter '\(name.rawValue)' does not take a list", place)
        }
    }

    private func text(_ value: TemplateValue, _ place: SourcePosition) throws(ChatTemplateError) -> MarkedText {
        let text = value.printed
        try charge(bytes: text.bytes.count, place)
        return text
    }

    private func length(_ value: TemplateValue, _ place: SourcePosition) throws(ChatTemplateError) -> Int {
        switch value {
        case .undefined: return 0
        case .list(let elements): return elements.count
        case .dictionary(let entries): return entries.count
        case .text(let text):
            try charge(bytes: text.bytes.count, place)
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

    private func integer(_ value: TemplateValue, _ arguments: CallArguments) -> TemplateValue {
        if let number = value.wholeNumber { return .integer(number) }
        if case .float(let number) = value, let whole = Int(exactly: number.rounded(.towardZero)) {
            return .integer(whole)
        }
        if case .text(let text) = value {
            let digits = text.trimmed(start: true, end: true, where: MarkedText.isSpace).string
            if let number = Int(digits) { return .integer(number) }
        }
        return arguments.value(0, "default") ?? .integer(0)
    }

    private func json(
        _ value: TemplateValue, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        let indent = arguments.value(0, "indent")?.wholeNumber
        guard indent.map({ (0...16).contains($0) }) ?? true else { throw .rendering("so wide an indent", place) }
        guard let text = value.json(indent: indent) else {
            throw .rendering("\(value.kindName) cannot be written as JSON", place)
        }
        try charge(bytes: text.bytes.count, place)
        return .text(text)
    }

    private func join(
        _ elements: [TemplateValue], _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        let separator = arguments.value(0, "d")?.printed ?? MarkedText()
        let attribute = arguments.value(1, "attribute")?.printed.string
        var result = MarkedText()
        for (index, element) in elements.enumerated() {
            if index > 0 { result.append(separator) }
            let part = try attribute.map { name throws(ChatTemplateError) in
                try self.attribute(name, of: element, place)
            }
            result.append((part ?? element).printed)
            try checkSize(result.bytes.count, place)
        }
        try charge(bytes: result.bytes.count, place)
        return .text(result)
    }

    private func mapped(
        _ elements: [TemplateValue], _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> [TemplateValue] {
        var result: [TemplateValue] = []
        if let name = arguments.named["attribute"]?.printed.string {
            for element in elements {
                let value = try attribute(name, of: element, place)
                if case .undefined = value, let replacement = arguments.named["default"] {
                    result.append(replacement)
                } else {
                    result.append(value)
                }
            }
            return result
        }
        guard case .text(let text)? = arguments.positional.first, let filter = FilterName(rawValue: text.string)
        else { throw .rendering("'map' needs an attribute or a filter that is built in", place) }
        let rest = CallArguments(positional: Array(arguments.positional.dropFirst()), named: arguments.named)
        for element in elements { result.append(try apply(filter, to: element, rest, place)) }
        return result
    }

    private func selected(
        _ elements: [TemplateValue], _ arguments: CallArguments, keeping: Bool, _ place: SourcePosition
    ) throws(ChatTemplateError) -> [TemplateValue] {
        guard case .text(let name)? = arguments.positional.first else {
            throw .rendering("an attribute's name is missing", place)
        }
        var test: TestName?
        if arguments.positional.count > 1 {
            test = TestName(rawValue: arguments.positional[1].printed.string)
            guard test != nil else {
                throw .rendering("the test '\(arguments.positional[1].printed.string)' is not built in", place)
            }
        }
        let rest = CallArguments(positional: Array(arguments.positional.dropFirst(2)), named: [:])
        var result: [TemplateValue] = []
        for element in elements {
            let value = try attribute(name.string, of: element, place)
            let isSelected = try test.map { test throws(ChatTemplateError) in
                try holds(test, value, rest, place)
            }
            if (isSelected ?? value.isTrue) == keeping { result.append(element) }
        }
        return result
    }
}
