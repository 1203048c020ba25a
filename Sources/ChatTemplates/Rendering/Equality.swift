// SPDX-License-Identifier: Apache-2.0

extension ValueOperations {
    /// Whether `left == right`. Counts each compared part: lists may hold one another many times over.
    func areEqual(
        _ left: TemplateValue, _ right: TemplateValue, _ place: SourcePosition
    ) throws(ChatTemplateError) -> Bool {
        try budget.charge(1, place)
        // A list that grew may hold itself.
        try budget.enter(place)
        defer { budget.leave() }
        switch (left, right) {
        case (.undefined, .undefined), (.none, .none): return true
        case (.text(let left), .text(let right)):
            guard left.bytes.count == right.bytes.count else { return false }
            try budget.charge(bytes: left.bytes.count, place)
            return left == right
        case (.sequence(let left), .sequence(let right)):
            guard left.isTuple == right.isTuple, left.elements.count == right.elements.count else { return false }
            for (left, right) in zip(left.elements, right.elements) where !(try areEqual(left, right, place)) {
                return false
            }
            return true
        case (.mapping(let left), .mapping(let right)):
            guard left.entries.count == right.entries.count else { return false }
            for entry in left.entries {
                try budget.charge(right.entries.count, place)
                guard let other = right.value(of: entry.key), try areEqual(entry.value, other, place) else {
                    return false
                }
            }
            return true
        case (.namespace(let left), .namespace(let right)): return left === right
        case (.macro(let left), .macro(let right)): return left === right
        case (.function(let left), .function(let right)): return left == right
        default:
            if let left = left.wholeNumber, let right = right.wholeNumber { return left == right }
            if let left = left.number, let right = right.number { return left == right }
            return false
        }
    }
}
