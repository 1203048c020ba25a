// SPDX-License-Identifier: Apache-2.0

/// An element with what it is compared by.
struct KeyedValue {
    let key: TemplateValue
    let element: TemplateValue
}

extension ValueOperations {
    /// The entries of a mapping by their keys, which must have an order.
    func sortedByKeys(
        _ entries: [DictionaryEntry], _ place: SourcePosition
    ) throws(ChatTemplateError) -> [DictionaryEntry] {
        let keyed = entries.map { KeyedValue(key: $0.key, element: .tuple([$0.key, $0.value])) }
        return try sorted(keyed, reverse: false, place).compactMap { each in
            guard case .sequence(let pair) = each.element else { return nil }
            return DictionaryEntry(key: pair.elements[0], value: pair.elements[1])
        }
    }

    /// A stable merge sort, since a comparison may fail.
    func sorted(
        _ elements: [KeyedValue], reverse: Bool, _ place: SourcePosition
    ) throws(ChatTemplateError) -> [KeyedValue] {
        guard elements.count > 1 else { return elements }
        let middle = elements.count / 2
        let left = try sorted(Array(elements[..<middle]), reverse: reverse, place)
        let right = try sorted(Array(elements[middle...]), reverse: reverse, place)
        var result: [KeyedValue] = []
        result.reserveCapacity(elements.count)
        var (first, second) = (0, 0)
        while first < left.count, second < right.count {
            try budget.charge(1, place)
            let takesRight =
                reverse
                ? try precedes(left[first].key, right[second].key, place)
                : try precedes(right[second].key, left[first].key, place)
            result.append(takesRight ? right[second] : left[first])
            if takesRight { second += 1 } else { first += 1 }
        }
        return result + left[first...] + right[second...]
    }
}
