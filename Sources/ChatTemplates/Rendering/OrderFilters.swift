// SPDX-License-Identifier: Apache-2.0

/// Filters that compare the elements of a list.
extension Renderer {
    /// An element with what it is compared by.
    private struct Keyed {
        let key: TemplateValue
        let element: TemplateValue
    }

    /// `sort(reverse=False, case_sensitive=False, attribute=None)`
    func sorted(
        _ elements: [TemplateValue], _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> [TemplateValue] {
        let minds = arguments.value(1, "case_sensitive")?.isTrue ?? false
        let paths = arguments.value(2, "attribute")?.text?.string.split(separator: ",").map { String($0) }
        var keyed: [Keyed] = []
        for element in elements {
            guard let paths, paths.count > 1 else {
                keyed.append(try self.keyed(element, arguments.value(2, "attribute"), mindsCase: minds, place))
                continue
            }
            var parts: [TemplateValue] = []
            for path in paths { parts.append(try self.keyed(element, .own(path), mindsCase: minds, place).key) }
            keyed.append(Keyed(key: .tuple(parts), element: element))
        }
        return try sorted(keyed, reverse: arguments.value(0, "reverse")?.isTrue ?? false, place).map(\.element)
    }

    /// `dictsort(case_sensitive=False, by='key', reverse=False)`
    func dictionarySorted(
        _ value: TemplateValue, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> [TemplateValue] {
        guard case .mapping(let mapping) = value else { throw .rendering("'dictsort' needs a mapping", place) }
        let byValue = arguments.value(1, "by")?.text?.string == "value"
        let minds = arguments.value(0, "case_sensitive")?.isTrue ?? false
        let keyed = mapping.entries.map { entry in
            let key = byValue ? entry.value : entry.key
            return Keyed(
                key: minds ? key : key.withoutCase, element: .tuple([entry.key, entry.value]))
        }
        return try sorted(keyed, reverse: arguments.value(2, "reverse")?.isTrue ?? false, place).map(\.element)
    }

    /// The entries of a mapping by their keys, which must have an order.
    func sortedByKeys(
        _ entries: [DictionaryEntry], _ place: SourcePosition
    ) throws(ChatTemplateError) -> [DictionaryEntry] {
        let keyed = entries.map { Keyed(key: $0.key, element: .tuple([$0.key, $0.value])) }
        return try sorted(keyed, reverse: false, place).compactMap { each in
            guard case .sequence(let pair) = each.element else { return nil }
            return DictionaryEntry(key: pair.elements[0], value: pair.elements[1])
        }
    }

    /// `groupby(attribute, default=None, case_sensitive=False)`: pairs of a value and the elements that have it.
    func grouped(
        _ elements: [TemplateValue], _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> [TemplateValue] {
        guard let path = arguments.value(0, "attribute") else {
            throw .rendering("'groupby' needs an attribute", place)
        }
        var keyed: [Keyed] = []
        for element in elements {
            let minds = arguments.value(2, "case_sensitive")?.isTrue ?? false
            var made = try self.keyed(element, path, mindsCase: minds, place)
            if case .undefined = made.key, let replacement = arguments.value(1, "default") {
                made = Keyed(key: replacement, element: element)
            }
            keyed.append(made)
        }
        var groups: [(first: Keyed, elements: [TemplateValue])] = []
        for each in try sorted(keyed, reverse: false, place) {
            if let last = groups.last, try areEqual(last.first.key, each.key, place) {
                groups[groups.count - 1].elements.append(each.element)
            } else {
                groups.append((each, [each.element]))
            }
        }
        var result: [TemplateValue] = []
        for group in groups {
            let shown = try value(at: path, of: group.first.element, place)
            if case .undefined = shown {
                result.append(.tuple([group.first.key, .list(group.elements)]))
            } else {
                result.append(.tuple([shown, .list(group.elements)]))
            }
        }
        return result
    }

    /// `unique(case_sensitive=False, attribute=None)`: the first of equal elements.
    func unique(
        _ elements: [TemplateValue], _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> [TemplateValue] {
        let minds = arguments.value(0, "case_sensitive")?.isTrue ?? false
        var seen: [TemplateValue] = []
        var result: [TemplateValue] = []
        for element in elements {
            let key = try keyed(element, arguments.value(1, "attribute"), mindsCase: minds, place).key
            var isKnown = false
            for other in seen where try areEqual(key, other, place) {
                isKnown = true
                break
            }
            guard !isKnown else { continue }
            seen.append(key)
            result.append(element)
        }
        return result
    }

    /// `min` and `max`, each `(case_sensitive=False, attribute=None)`
    func extreme(
        _ elements: [TemplateValue], _ arguments: CallArguments, isLargest: Bool, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        let minds = arguments.value(0, "case_sensitive")?.isTrue ?? false
        var best: Keyed?
        for element in elements {
            let each = try keyed(element, arguments.value(1, "attribute"), mindsCase: minds, place)
            guard let current = best else {
                best = each
                continue
            }
            let isBetter =
                isLargest ? try precedes(current.key, each.key, place) : try precedes(each.key, current.key, place)
            if isBetter { best = each }
        }
        return best?.element ?? .undefined("element")
    }

    private func keyed(
        _ element: TemplateValue, _ path: TemplateValue?, mindsCase: Bool, _ place: SourcePosition
    ) throws(ChatTemplateError) -> Keyed {
        try charge(1, place)
        var key = element
        if let path, path.isTrue { key = try value(at: path, of: element, place) }
        return Keyed(key: mindsCase ? key : key.withoutCase, element: element)
    }

    /// A stable merge sort, since a comparison may fail.
    private func sorted(
        _ elements: [Keyed], reverse: Bool, _ place: SourcePosition
    ) throws(ChatTemplateError) -> [Keyed] {
        guard elements.count > 1 else { return elements }
        let middle = elements.count / 2
        let left = try sorted(Array(elements[..<middle]), reverse: reverse, place)
        let right = try sorted(Array(elements[middle...]), reverse: reverse, place)
        var result: [Keyed] = []
        result.reserveCapacity(elements.count)
        var (first, second) = (0, 0)
        while first < left.count, second < right.count {
            try charge(1, place)
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

extension TemplateValue {
    /// A text in small letters, and any other value as it is.
    fileprivate var withoutCase: TemplateValue { text.map { .text(CaseMapping.lower($0)) } ?? self }
}
