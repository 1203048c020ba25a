// SPDX-License-Identifier: Apache-2.0

extension Renderer {
    /// Whether `value is name(arguments)`.
    func holds(
        _ name: TestName, _ value: TemplateValue, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> Bool {
        switch name {
        case .defined, .undefined:
            if case .undefined = value { return name == .undefined }
            return name == .defined
        case .none:
            if case .none = value { return true }
            return false
        case .odd, .even, .divisibleby:
            let divisor = name == .divisibleby ? try argument(arguments, name, place).wholeNumber : 2
            guard let number = value.wholeNumber, let divisor, divisor != 0 else {
                throw .rendering("'\(name.rawValue)' needs whole numbers", place)
            }
            let isDivisible = number.remainderReportingOverflow(dividingBy: divisor).partialValue == 0
            return name == .odd ? !isDivisible : isDivisible
        case .equalto, .eq: return value.equals(try argument(arguments, name, place))
        case .ne: return !value.equals(try argument(arguments, name, place))
        case .in: return try contains(try argument(arguments, name, place), value, place)
        default: return Self.isOfKind(name, value)
        }
    }

    private static func isOfKind(_ name: TestName, _ value: TemplateValue) -> Bool {
        switch (name, value) {
        case (.string, .text), (.mapping, .dictionary), (.integer, .integer), (.float, .float): true
        case (.boolean, .boolean): true
        case (.true, .boolean(let truth)): truth
        case (.false, .boolean(let truth)): !truth
        case (.number, .integer), (.number, .float), (.number, .boolean): true
        case (.sequence, .text), (.sequence, .list), (.sequence, .dictionary): true
        case (.iterable, .text), (.iterable, .list), (.iterable, .dictionary), (.iterable, .undefined): true
        // An undefined value has a length, and that is all that Jinja asks of a sequence.
        case (.sequence, .undefined): true
        default: false
        }
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
