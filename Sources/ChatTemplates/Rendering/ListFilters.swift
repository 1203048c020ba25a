// SPDX-License-Identifier: Apache-2.0

/// Filters that choose from a list or reduce it to one value.
extension Renderer {
    /// The elements for which a test holds, or which are true where none is named.
    func chosen(
        _ elements: [TemplateValue], _ arguments: CallArguments, keeping: Bool, _ place: SourcePosition
    ) throws(ChatTemplateError) -> [TemplateValue] {
        var test: TestName?
        if let name = arguments.positional.first?.printed.string {
            test = TestName(rawValue: name)
            guard test != nil else { throw .rendering("the test '\(name)' is not built in", place) }
        }
        let rest = CallArguments(positional: Array(arguments.positional.dropFirst()), named: [:])
        var result: [TemplateValue] = []
        for element in elements {
            let isChosen = try test.map { test throws(ChatTemplateError) in try holds(test, element, rest, place) }
            if (isChosen ?? element.isTrue) == keeping { result.append(element) }
        }
        return result
    }

    /// `unique`, `min`, `max` and `sum`.
    func reduced(
        _ name: FilterName, _ elements: [TemplateValue], _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        switch name {
        case .unique:
            var result: [TemplateValue] = []
            for element in elements {
                try charge(1 + result.count, place)
                if !result.contains(where: { Self.isSameIgnoringCase($0, element) }) { result.append(element) }
            }
            return .list(result)
        case .sum:
            var total = 0
            for element in elements {
                guard let number = element.wholeNumber else { throw .rendering("'sum' needs whole numbers", place) }
                let (sum, overflows) = total.addingReportingOverflow(number)
                guard !overflows else { throw .rendering("'sum' is too large", place) }
                total = sum
            }
            return .integer(total)
        default: return try extreme(elements, isLargest: name == .max, place)
        }
    }

    /// The absolute value of a number.
    func absolute(_ value: TemplateValue, _ place: SourcePosition) throws(ChatTemplateError) -> TemplateValue {
        switch value {
        case .integer(let number) where number > .min: return .integer(abs(number))
        case .float(let number): return .float(abs(number))
        case .boolean(let truth): return .integer(truth ? 1 : 0)
        default: throw .rendering("\(value.kindName) has no absolute value", place)
        }
    }

    private func extreme(
        _ elements: [TemplateValue], isLargest: Bool, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        var best: TemplateValue?
        for element in elements {
            guard let number = element.number else { throw .rendering("'min' and 'max' need numbers", place) }
            guard let current = best?.number else {
                best = element
                continue
            }
            if isLargest ? number > current : number < current { best = element }
        }
        return best ?? .undefined("element")
    }

    private static func isSameIgnoringCase(_ left: TemplateValue, _ right: TemplateValue) -> Bool {
        guard case .text(let left) = left, case .text(let right) = right else { return left.equals(right) }
        return left.string.lowercased().unicodeScalars.elementsEqual(right.string.lowercased().unicodeScalars)
    }
}
