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
        case .equal: return .boolean(try values.areEqual(left, right, place))
        case .unequal: return .boolean(!(try values.areEqual(left, right, place)))
        case .in: return .boolean(try values.contains(right, left, place))
        case .notIn: return .boolean(!(try values.contains(right, left, place)))
        case .less: return .boolean(try values.precedes(left, right, place))
        case .greater: return .boolean(try values.precedes(right, left, place))
        case .lessOrEqual: return .boolean(!(try values.precedes(right, left, place)))
        case .greaterOrEqual: return .boolean(!(try values.precedes(left, right, place)))
        case .concatenate:
            return .text(try values.joined(try values.printed(left, place), try values.printed(right, place), place))
        case .add: return try values.sum(left, right, place)
        case .multiply: return try values.product(left, right, place)
        case .remainder:
            guard case .text(let format) = left else { return try values.arithmetic(operation, left, right, place) }
            return .text(try texts.formatted(format, with: right, place))
        case .power: return try values.power(left, right, place)
        default: return try values.arithmetic(operation, left, right, place)
        }
    }
}
