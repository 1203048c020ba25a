// SPDX-License-Identifier: Apache-2.0

/// Filters that choose from a list or change each of its elements.
extension FilterSet {
    /// `join(d='', attribute=None)`
    func joined(
        _ elements: [TemplateValue], _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> MarkedText {
        let separator = try values.printed(arguments.value(0, "d") ?? .own(""), place)
        var parts = elements
        if let path = arguments.value(1, "attribute") {
            for index in parts.indices { parts[index] = try access.value(at: path, of: parts[index], place) }
        }
        return try values.joined(parts, by: separator, place)
    }

    /// `map('filter', ...)` and `map(attribute='a.b', default=...)`
    func mapped(
        _ elements: [TemplateValue], _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> [TemplateValue] {
        var result: [TemplateValue] = []
        if let path = arguments.named["attribute"] {
            for element in elements {
                let value = try access.value(at: path, of: element, place)
                if case .undefined = value, let replacement = arguments.named["default"] {
                    result.append(replacement)
                } else {
                    result.append(value)
                }
            }
            return result
        }
        guard let text = arguments.positional.first?.text, let filter = FilterName(rawValue: text.string)
        else { throw .rendering("'map' needs an attribute or a filter that is built in", place) }
        var rest = arguments
        rest.positional.removeFirst()
        for element in elements {
            try budget.charge(1, place)
            result.append(try budget.checked(try apply(filter, to: element, rest, place), place))
        }
        return result
    }

    /// `selectattr` and `rejectattr`: elements by a test of one of their parts.
    func selected(
        _ elements: [TemplateValue], _ arguments: CallArguments, keeping: Bool, _ place: SourcePosition
    ) throws(ChatTemplateError) -> [TemplateValue] {
        guard let path = arguments.positional.first else { throw .rendering("an attribute's name is missing", place) }
        let rest = CallArguments(positional: Array(arguments.positional.dropFirst()))
        let test = try test(of: rest, place)
        var result: [TemplateValue] = []
        for element in elements {
            if try test(try access.value(at: path, of: element, place)) == keeping { result.append(element) }
        }
        return result
    }

    /// `select` and `reject`: the elements for which a test holds, or which are true where none is named.
    func chosen(
        _ elements: [TemplateValue], _ arguments: CallArguments, keeping: Bool, _ place: SourcePosition
    ) throws(ChatTemplateError) -> [TemplateValue] {
        let test = try test(of: arguments, place)
        var result: [TemplateValue] = []
        for element in elements where try test(element) == keeping { result.append(element) }
        return result
    }

    /// The test that arguments name first, with the rest as its own.
    private func test(
        of arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> (TemplateValue) throws(ChatTemplateError) -> Bool {
        guard let first = arguments.positional.first else { return { $0.isTrue } }
        let name = try values.printed(first, place).string
        guard let test = TestName(named: name) else { throw .rendering("the test '\(name)' is not built in", place) }
        let rest = CallArguments(positional: Array(arguments.positional.dropFirst()))
        return { value throws(ChatTemplateError) in
            try budget.charge(1, place)
            return try holds(test, value, rest, place)
        }
    }

    /// `batch(linecount, fill_with=None)`: lists of so many elements.
    func batches(
        _ elements: [TemplateValue], _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> [TemplateValue] {
        let size = try count(arguments, "linecount", place)
        var result: [TemplateValue] = []
        for start in stride(from: 0, to: elements.count, by: size) {
            var batch = Array(elements[start..<min(elements.count, start + min(size, elements.count))])
            if let filling = arguments.value(1, "fill_with"), batch.count < size {
                if case .none = filling {} else { batch += Array(repeating: filling, count: size - batch.count) }
            }
            result.append(.list(batch))
        }
        return result
    }

    /// `access.slice(slices, fill_with=None)`: so many lists, the first ones longer by one.
    func slices(
        _ elements: [TemplateValue], _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> [TemplateValue] {
        let count = try count(arguments, "slices", place)
        let size = elements.count / count
        let longer = elements.count % count
        var result: [TemplateValue] = []
        var start = 0
        for index in 0..<count {
            let end = start + size + (index < longer ? 1 : 0)
            var slice = Array(elements[start..<end])
            if index >= longer, let filling = arguments.value(1, "fill_with"), longer > 0 {
                if case .none = filling {} else { slice.append(filling) }
            }
            result.append(.list(slice))
            start = end
        }
        return result
    }

    private func count(
        _ arguments: CallArguments, _ name: String, _ place: SourcePosition
    ) throws(ChatTemplateError) -> Int {
        guard let count = arguments.value(0, name)?.wholeNumber, (1...10_000).contains(count) else {
            throw .rendering("'\(name)' must be from 1 to 10000", place)
        }
        try budget.charge(count, place)
        return count
    }
}
