// SPDX-License-Identifier: Apache-2.0

extension FilterSet {
    /// Whether `value is name(arguments)`.
    func holds(
        _ name: TestName, _ value: TemplateValue, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> Bool {
        switch name {
        case .odd, .even, .divisibleby:
            let divisor = name == .divisibleby ? try argument(arguments, name, place).wholeNumber : 2
            guard let number = value.wholeNumber, let divisor, divisor != 0 else {
                throw .rendering("'\(name.rawValue)' needs whole numbers", place)
            }
            let isDivisible = number.remainderReportingOverflow(dividingBy: divisor).partialValue == 0
            return name == .odd ? !isDivisible : isDivisible
        case .eq: return try values.areEqual(value, try argument(arguments, name, place), place)
        case .ne: return !(try values.areEqual(value, try argument(arguments, name, place), place))
        case .lt: return try values.precedes(value, try argument(arguments, name, place), place)
        case .gt: return try values.precedes(try argument(arguments, name, place), value, place)
        case .le: return !(try values.precedes(try argument(arguments, name, place), value, place))
        case .ge: return !(try values.precedes(value, try argument(arguments, name, place), place))
        case .in: return try values.contains(try argument(arguments, name, place), value, place)
        case .sameas: return try isSame(value, try argument(arguments, name, place), place)
        case .lower, .upper: return try hasCase(name, value, place)
        case .filter: return FilterName(rawValue: try values.printed(value, place).string) != nil
        case .test: return TestName(named: try values.printed(value, place).string) != nil
        default: return name.isKind(of: value)
        }
    }

    private func isSame(
        _ left: TemplateValue, _ right: TemplateValue, _ place: SourcePosition
    ) throws(ChatTemplateError) -> Bool {
        switch (left, right) {
        case (.boolean, .boolean), (.none, .none), (.integer, .integer), (.text, .text), (.namespace, .namespace):
            try values.areEqual(left, right, place)
        default: false
        }
    }

    private func hasCase(
        _ name: TestName, _ value: TemplateValue, _ place: SourcePosition
    ) throws(ChatTemplateError) -> Bool {
        let text = try values.printed(value, place)
        try budget.charge(bytes: text.bytes.count, place)
        return CharacterTests.hold(name == .lower ? .islower : .isupper, text.string)
    }

    private func argument(
        _ arguments: CallArguments, _ name: TestName, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        guard let value = arguments.positional.first else {
            throw .rendering("the test '\(name.rawValue)' lacks its argument", place)
        }
        return value
    }
}

extension TestName {
    /// Whether a value is of the kind that a test without argument asks for.
    fileprivate func isKind(of value: TemplateValue) -> Bool {
        switch (self, value) {
        case (.undefined, .undefined), (.none, .none): true
        case (.defined, .undefined): false
        case (.defined, _): true
        case (.string, .text), (.mapping, .mapping), (.integer, .integer), (.float, .float): true
        case (.boolean, .boolean): true
        case (.true, .boolean(let truth)): truth
        case (.false, .boolean(let truth)): !truth
        case (.number, .integer), (.number, .float), (.number, .boolean): true
        case (.sequence, .text), (.sequence, .sequence), (.sequence, .mapping): true
        case (.iterable, .text), (.iterable, .sequence), (.iterable, .mapping), (.iterable, .undefined): true
        // An undefined value has a length, and that is all that Jinja asks of a sequence.
        case (.sequence, .undefined): true
        case (.iterable, .loop): true
        case (.callable, .function), (.callable, .macro), (.callable, .method), (.callable, .loop): true
        // An undefined value can be called, to the error that it is undefined.
        case (.callable, .undefined): true
        default: false
        }
    }
}
