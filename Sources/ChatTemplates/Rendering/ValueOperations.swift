// SPDX-License-Identifier: Apache-2.0

/// What operators do with values, and how values are run over and printed.
struct ValueOperations {
    let budget: RenderBudget

    /// What a loop, `list` or `join` runs over.
    func elements(
        of value: TemplateValue, _ place: SourcePosition
    ) throws(ChatTemplateError) -> [TemplateValue] {
        switch value {
        case .undefined: return []
        case .sequence(let sequence):
            try budget.charge(sequence.elements.count, place)
            return sequence.elements
        case .mapping(let mapping):
            try budget.charge(mapping.entries.count, place)
            return mapping.entries.map(\.key)
        case .text(let text):
            try budget.charge(text.bytes.count, place)
            let offsets = text.characterOffsets
            return zip(offsets, offsets.dropFirst()).map { .text(text.part($0..<$1)) }
        default: throw .rendering("\(value.kindName) cannot be run over", place)
        }
    }

    /// The text that `{{ value }}` prints, as Python's `str` makes it.
    func printed(_ value: TemplateValue, _ place: SourcePosition) throws(ChatTemplateError) -> MarkedText {
        switch value {
        case .undefined: return MarkedText()
        case .text(let text): return text
        default:
            var writer = ValueWriter(self, place)
            try writer.put(value)
            return writer.output
        }
    }

    /// All elements as text, with a separator between.
    func joined(
        _ elements: [TemplateValue], by separator: MarkedText, _ place: SourcePosition
    ) throws(ChatTemplateError) -> MarkedText {
        var result = MarkedText()
        for (index, element) in elements.enumerated() {
            if index > 0 { result.append(separator) }
            result.append(try printed(element, place))
            try budget.checkSize(result.bytes.count, place)
            try budget.charge(1, place)
        }
        try budget.charge(bytes: result.bytes.count, place)
        return result
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
        try budget.charge(bytes: left.bytes.count + right.bytes.count, place)
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
            try budget.charge(searching: text, for: pattern, place)
            return pattern.bytes.isEmpty || text.firstOffset(of: pattern.bytes) != nil
        case .sequence(let sequence):
            for candidate in sequence.elements where try areEqual(candidate, element, place) { return true }
            return false
        case .mapping(let mapping):
            try budget.charge(mapping.entries.count, place)
            return mapping.value(of: element) != nil
        case .undefined: return false
        default: throw .rendering("\(container.kindName) cannot be searched", place)
        }
    }

    /// Whether `left < right`.
    func precedes(
        _ left: TemplateValue, _ right: TemplateValue, _ place: SourcePosition
    ) throws(ChatTemplateError) -> Bool {
        try budget.enter(place)
        defer { budget.leave() }
        if case .text(let left) = left, case .text(let right) = right {
            try budget.charge(bytes: min(left.bytes.count, right.bytes.count), place)
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
            try budget.checkSize((left.elements.count + right.elements.count) * 64, place)
            try budget.charge(left.elements.count + right.elements.count, place)
            return .sequence(TemplateSequence(left.elements + right.elements, isTuple: left.isTuple))
        default: return try arithmetic(.add, left, right, place)
        }
    }

    /// `left * right`, of texts and lists too
    func product(
        _ left: TemplateValue, _ right: TemplateValue, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        if left.wholeNumber != nil, right.number == nil { return try product(right, left, place) }
        if case .sequence(let list) = left, let count = right.wholeNumber {
            let (size, overflow) = list.elements.count.multipliedReportingOverflow(by: max(0, count))
            guard !overflow, size <= budget.limits.outputBytes / 64 else {
                throw .limitExceeded("\(budget.limits.outputBytes) bytes of text", place)
            }
            try budget.charge(size, place)
            let repeated = size == 0 ? [] : Array(repeatElement(list.elements, count: count).joined())
            return .sequence(TemplateSequence(repeated, isTuple: list.isTuple))
        }
        guard case .text(let text) = left, let count = right.wholeNumber else {
            return try arithmetic(.multiply, left, right, place)
        }
        let (size, overflow) = text.bytes.count.multipliedReportingOverflow(by: max(0, count))
        try budget.charge(bytes: overflow ? Int.max : size, place)
        try budget.charge(size > 0 ? count : 0, place)
        var result = MarkedText()
        if size > 0 { for _ in 0..<count { result.append(text) } }
        return .text(result)
    }

    /// An operator over two numbers
    func arithmetic(
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
