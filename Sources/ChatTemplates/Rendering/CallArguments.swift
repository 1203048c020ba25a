// SPDX-License-Identifier: Apache-2.0

/// The values in the parentheses of a call.
struct CallArguments {
    var positional: [TemplateValue] = []
    var named: [String: TemplateValue] = [:]
    /// The names of `named` as they were written.
    var names: [String] = []

    /// The named ones as they were written.
    var namedEntries: [DictionaryEntry] { named(except: []) }

    /// The named ones but for some, as they were written.
    func named(except others: [String]) -> [DictionaryEntry] {
        names.compactMap { name in
            others.contains(name) ? nil : named[name].map { DictionaryEntry(name, $0) }
        }
    }

    /// The argument of a place or name; nil where it was not given.
    func value(_ index: Int, _ name: String) -> TemplateValue? {
        index < positional.count ? positional[index] : named[name]
    }
}

/// The parts of `[start:stop:step]`.
struct SliceBounds {
    let start: Int?
    let stop: Int?
    let step: Int?

    /// The places between start and stop, whatever the step.
    func range(count: Int) -> Range<Int> {
        func clamp(_ bound: Int) -> Int {
            let (shifted, _) = bound < 0 ? bound.addingReportingOverflow(count) : (bound, false)
            return max(0, min(count, shifted))
        }
        let first = clamp(start ?? 0)
        return first..<max(first, clamp(stop ?? count))
    }

    /// The places that a slice takes from a sequence of `count` elements, by Python's rules.
    func indices(count: Int) -> [Int] {
        let step = max(-Int(Int32.max), min(Int(Int32.max), step ?? 1))
        let isForward = step > 0
        func clamp(_ bound: Int?, _ missing: Int) -> Int {
            guard let bound else { return missing }
            let (shifted, _) = bound < 0 ? bound.addingReportingOverflow(count) : (bound, false)
            return max(isForward ? 0 : -1, min(shifted, isForward ? count : count - 1))
        }
        let first = clamp(start, isForward ? 0 : count - 1)
        let end = clamp(stop, isForward ? count : -1)
        return Array(stride(from: first, to: end, by: step))
    }
}
