// SPDX-License-Identifier: Apache-2.0

extension Renderer {
    /// The value of two operands and what stands between them.
    func binary(
        _ operation: BinaryOperator, _ leftSide: Expression, _ rightSide: Expression, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        let left = try evaluate(leftSide)
        // These two look at the right side only when the left one leaves it open.
        if operation == .or { return left.isTrue ? left : try evaluate(rightSide) }
        if operation == .and { return left.isTrue ? try evaluate(rightSide) : left }
        let right = try evaluate(rightSide)
        switch operation {
        case .equal: return .boolean(try areEqual(left, right, place))
        case .unequal: return .boolean(!(try areEqual(left, right, place)))
        case .in: return .boolean(try contains(right, left, place))
        case .notIn: return .boolean(!(try contains(right, left, place)))
        case .less: return .boolean(try precedes(left, right, place))
        case .greater: return .boolean(try precedes(right, left, place))
        case .lessOrEqual: return .boolean(!(try precedes(right, left, place)))
        case .greaterOrEqual: return .boolean(!(try precedes(left, right, place)))
        case .concatenate: return .text(try joined(try printed(left, place), try printed(right, place), place))
        case .add: return try sum(left, right, place)
        case .multiply: return try product(left, right, place)
        case .remainder:
            guard case .text(let format) = left else { return try arithmetic(operation, left, right, place) }
            return .text(try formatted(format, with: right, place))
        case .power: return try power(left, right, place)
        default: return try arithmetic(operation, left, right, place)
        }
    }

    /// `-value`
    func negated(_ value: TemplateValue, _ place: SourcePosition) throws(ChatTemplateError) -> TemplateValue {
        if let number = value.wholeNumber { return .integer(0 &- number) }
        guard let number = value.number else { throw .rendering("\(value.kindName) has no negative", place) }
        return .float(-number)
    }

    /// Two texts as one.
    func joined(
        _ left: MarkedText, _ right: MarkedText, _ place: SourcePosition
    ) throws(ChatTemplateError) -> MarkedText {
        try charge(bytes: left.bytes.count + right.bytes.count, place)
        var result = left
        result.append(right)
        return result
    }

    /// Whether `element in container` holds.
    func contains(
        _ container: TemplateValue, _ element: TemplateValue, _ place: SourcePosition
    ) throws(ChatTemplateError) -> Bool {
        switch container {
        case .text(let text):
            guard case .text(let pattern) = element else {
                throw .rendering("\(element.kindName) cannot be searched for in a string", place)
            }
            try charge(searching: text, for: pattern, place)
            return pattern.bytes.isEmpty || text.firstOffset(of: pattern.bytes) != nil
        case .sequence(let sequence):
            for candidate in sequence.elements where try areEqual(candidate, element, place) { return true }
            return false
        case .mapping(let mapping):
            try charge(mapping.entries.count, place)
            return mapping.value(of: element) != nil
        case .undefined: return false
        default: throw .rendering("\(container.kindName) cannot be searched", place)
        }
    }

    /// Counts the worst case of looking for a pattern.
    func charge(
        searching text: MarkedText, for pattern: MarkedText, _ place: SourcePosition
    ) throws(ChatTemplateError) {
        let work = text.bytes.count / 64 * max(1, pattern.bytes.count / 16)
        try charge(work + 1, place)
    }

    /// Whether `left < right`.
    func precedes(
        _ left: TemplateValue, _ right: TemplateValue, _ place: SourcePosition
    ) throws(ChatTemplateError) -> Bool {
        try enter(place)
        defer { leave() }
        if case .text(let left) = left, case .text(let right) = right {
            try charge(bytes: min(left.bytes.count, right.bytes.count), place)
            return left.bytes.lexicographicallyPrecedes(right.bytes)
        }
        if case .sequence(let left) = left, case .sequence(let right) = right {
            for (left, right) in zip(left.elements, right.elements) where !(try areEqual(left, right, place)) {
                return try precedes(left, right, place)
            }
            return left.elements.count < right.elements.count
        }
        if let left = left.wholeNumber, let right = right.wholeNumber { return left < right }
        guard let leftNumber = left.number, let rightNumber = right.number else {
            throw .rendering("\(left.kindName) and \(right.kindName) have no order", place)
        }
        return leftNumber < rightNumber
    }

    /// `left + right`
    func sum(
        _ left: TemplateValue, _ right: TemplateValue, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        switch (left, right) {
        case (.text(let left), .text(let right)): return .text(try joined(left, right, place))
        case (.sequence(let left), .sequence(let right)) where left.isTuple == right.isTuple:
            try checkSize((left.elements.count + right.elements.count) * 64, place)
            try charge(left.elements.count + right.elements.count, place)
            return .sequence(TemplateSequence(left.elements + right.elements, isTuple: left.isTuple))
        default: return try arithmetic(.add, left, right, place)
        }
    }

    private func product(
        _ left: TemplateValue, _ right: TemplateValue, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        if left.wholeNumber != nil, right.number == nil { return try product(right, left, place) }
        if case .sequence(let list) = left, let count = right.wholeNumber {
            let (size, overflow) = list.elements.count.multipliedReportingOverflow(by: max(0, count))
            guard !overflow, size <= limits.outputBytes / 64 else {
                throw .limitExceeded("\(limits.outputBytes) bytes of text", place)
            }
            try charge(size, place)
            let repeated = size == 0 ? [] : Array(repeatElement(list.elements, count: count).joined())
            return .sequence(TemplateSequence(repeated, isTuple: list.isTuple))
        }
        guard case .text(let text) = left, let count = right.wholeNumber else {
            return try arithmetic(.multiply, left, right, place)
        }
        let (size, overflow) = text.bytes.count.multipliedReportingOverflow(by: max(0, count))
        try charge(bytes: overflow ? Int.max : size, place)
        try charge(size > 0 ? count : 0, place)
        var result = MarkedText()
        if size > 0 { for _ in 0..<count { result.append(text) } }
        return .text(result)
    }

    private func arithmetic(
        _ operation: BinaryOperator, _ left: TemplateValue, _ right: TemplateValue, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        if let left = left.wholeNumber, let right = right.wholeNumber, operation != .divide {
            return .integer(try whole(operation, left, right, place))
        }
        guard let leftNumber = left.number, let rightNumber = right.number else {
            throw .rendering(
                "'\(operation.rawValue)' does not work on \(left.kindName) and \(right.kindName)", place)
        }
        switch operation {
        case .add: return .float(leftNumber + rightNumber)
        case .subtract: return .float(leftNumber - rightNumber)
        case .multiply: return .float(leftNumber * rightNumber)
        default: break
        }
        guard rightNumber != 0 else { throw .rendering("a division by zero", place) }
        let quotient = leftNumber / rightNumber
        switch operation {
        case .divide: return .float(quotient)
        case .floorDivide: return .float(quotient.rounded(.down))
        default:
            let rest = leftNumber.truncatingRemainder(dividingBy: rightNumber)
            return .float(rest != 0 && (rest < 0) != (rightNumber < 0) ? rest + rightNumber : rest)
        }
    }

    private func whole(
        _ operation: BinaryOperator, _ left: Int, _ right: Int, _ place: SourcePosition
    ) throws(ChatTemplateError) -> Int {
        let result: (partialValue: Int, overflow: Bool)
        switch operation {
        case .add: result = left.addingReportingOverflow(right)
        case .subtract: result = left.subtractingReportingOverflow(right)
        case .multiply: result = left.multipliedReportingOverflow(by: right)
        default:
            guard right != 0 else { throw .rendering("a division by zero", place) }
            let quotient = left.dividedReportingOverflow(by: right)
            let rest = left.remainderReportingOverflow(dividingBy: right).partialValue
            // Python rounds quotients down, and a remainder has its divisor's sign.
            let isRounded = rest != 0 && (rest < 0) != (right < 0)
            result =
                operation == .floorDivide
                ? (quotient.partialValue - (isRounded ? 1 : 0), quotient.overflow)
                : (isRounded ? rest + right : rest, false)
        }
        guard !result.overflow else { throw .rendering("a number became too large", place) }
        return result.partialValue
    }
}
