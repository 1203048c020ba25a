// SPDX-License-Identifier: Apache-2.0

/// Filters that compare the elements of a list.
extension FilterSet {
    /// `sort(reverse=False, case_sensitive=False, attribute=None)`
    func sorted(
        _ elements: [TemplateValue], _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> [TemplateValue] {
        let minds = arguments.value(1, "case_sensitive")?.isTrue ?? false
        let paths = arguments.value(2, "attribute")?.text?.string.split(separator: ",").map { String($0) }
        var keyed: [KeyedValue] = []
        for element in elements {
            guard let paths, paths.count > 1 else {
                keyed.append(try self.keyed(element, arguments.value(2, "attribute"), mindsCase: minds, place))
                continue
            }
            var parts: [TemplateValue] = []
            for path in paths { parts.append(try self.keyed(element, .own(path), mindsCase: minds, place).key) }
            keyed.append(KeyedValue(key: .tuple(parts), element: element))
        }
        return try values.sorted(keyed, reverse: arguments.value(0, "reverse")?.isTrue ?? false, place).map(\.element)
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
            return KeyedValue(
                key: minds ? key : key.withoutCase, element: .tuple([entry.key, entry.value]))
        }
        return try values.sorted(keyed, reverse: arguments.value(2, "reverse")?.isTrue ?? false, place).map(\.element)
    }

    /// `groupby(attribute, default=None, case_sensitive=False)`: pairs of a value and the elements that have it.
    func grouped(
        _ elements: [TemplateValue], _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> [TemplateValue] {
        guard let path = arguments.value(0, "attribute") else {
            throw .rendering("'groupby' needs an attribute", place)
        }
        var keyed: [KeyedValue] = []
        for element in elements {
            let minds = arguments.value(2, "case_sensitive")?.isTrue ?? false
            var made = try self.keyed(element, path, mindsCase: minds, place)
            if case .undefined = made.key, let replacement = arguments.value(1, "default") {
                made = KeyedValue(key: replacement, element: element)
            }
            keyed.append(made)
        }
        var groups: [(first: KeyedValue, elements: [TemplateValue])] = []
        for each in try values.sorted(keyed, reverse: false, place) {
            if let last = groups.last, try values.areEqual(last.first.key, each.key, place) {
                groups[groups.count - 1].elements.append(each.element)
            } else {
                groups.append((each, [each.element]))
            }
        }
        var result: [TemplateValue] = []
        for group in groups {
            let shown = try access.value(at: path, of: group.first.element, place)
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
            for other in seen where try values.areEqual(key, other, place) {
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
        var best: KeyedValue?
        for element in elements {
            let each = try keyed(element, arguments.value(1, "attribute"), mindsCase: minds, place)
            guard let current = best else {
                best = each
                continue
            }
            let isBetter =
                isLargest
                ? try values.precedes(current.key, each.key, place) : try values.precedes(each.key, current.key, place)
            if isBetter { best = each }
        }
        return best?.element ?? .undefined("element")
    }

    private func keyed(
        _ element: TemplateValue, _ path: TemplateValue?, mindsCase: Bool, _ place: SourcePosition
    ) throws(ChatTemplateError) -> KeyedValue {
        try budget.charge(1, place)
        var key = element
        if let path, path.isTrue { key = try access.value(at: path, of: element, place) }
        return KeyedValue(key: mindsCase ? key : key.withoutCase, element: element)
    }
}

extension TemplateValue {
    /// A text in small letters, and any other value as it is.
    fileprivate var withoutCase: TemplateValue { text.map { .text(CaseMapping.lower($0)) } ?? self }
}
