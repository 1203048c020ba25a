// SPDX-License-Identifier: Apache-2.0

/// Filters that come to numbers.
extension FilterSet {
    /// `int(default=0, base=10)`
    func integer(_ value: TemplateValue, _ arguments: CallArguments) -> TemplateValue {
        let replacement = arguments.value(0, "default") ?? .integer(0)
        if let number = value.wholeNumber { return .integer(number) }
        if case .float(let number) = value {
            return Int(exactly: number.rounded(.towardZero)).map(TemplateValue.integer) ?? replacement
        }
        guard let text = value.text else { return replacement }
        let digits = text.trimmed(start: true, end: true, where: MarkedText.isSpace).string
        let base = arguments.value(1, "base")?.wholeNumber ?? 10
        if (2...36).contains(base), let number = Int(Self.withoutPrefix(digits, base), radix: base) {
            return .integer(number)
        }
        return Self.number(digits).flatMap { Int(exactly: $0.rounded(.towardZero)) }.map(TemplateValue.integer)
            ?? replacement
    }

    private static func withoutPrefix(_ digits: String, _ base: Int) -> String {
        let prefixes = [2: "0b", 8: "0o", 16: "0x"]
        guard let prefix = prefixes[base], digits.lowercased().hasPrefix(prefix) else { return digits }
        return String(digits.dropFirst(2))
    }

    /// A number as Python's `float` reads it, but for infinities.
    private static func number(_ text: String) -> Double? {
        let allowed = "0123456789+-.eE".unicodeScalars
        guard !text.isEmpty, text.utf8.count < 400, text.unicodeScalars.allSatisfy({ allowed.contains($0) }) else {
            return nil
        }
        return Double(text).flatMap { $0.isFinite ? $0 : nil }
    }

    /// `float(default=0.0)`
    func fraction(_ value: TemplateValue, _ arguments: CallArguments) -> TemplateValue {
        if let number = value.number { return .float(number) }
        let text = value.text?.trimmed(start: true, end: true, where: MarkedText.isSpace).string
        return text.flatMap(Self.number).map(TemplateValue.float) ?? arguments.value(0, "default") ?? .float(0)
    }

    /// `round(precision=0, method='common')`
    func rounded(
        _ value: TemplateValue, _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        guard let number = value.number else { throw .rendering("\(value.kindName) cannot be rounded", place) }
        let digits = arguments.value(0, "precision")?.wholeNumber ?? 0
        guard (-300...300).contains(digits) else { throw .rendering("so many digits", place) }
        let method = arguments.value(1, "method")?.text?.string ?? "common"
        guard method != "common" else {
            if let whole = value.wholeNumber, digits >= 0 { return .integer(whole) }
            return .float(NumberText.rounded(number, digits: digits))
        }
        guard method == "floor" || method == "ceil" else {
            throw .rendering("'round' knows 'common', 'ceil' and 'floor'", place)
        }
        var scale = 1.0
        for _ in 0..<abs(digits) { scale *= 10 }
        let scaled = digits >= 0 ? number * scale : number / scale
        let whole = scaled.rounded(method == "floor" ? .down : .up)
        return .float(digits >= 0 ? whole / scale : whole * scale)
    }

    /// The absolute value of a number.
    func absolute(_ value: TemplateValue, _ place: SourcePosition) throws(ChatTemplateError) -> TemplateValue {
        switch value {
        case .integer(let number) where number > .min: return .integer(abs(number))
        case .float(let number): return .float(abs(number))
        case .boolean(let truth): return .integer(truth ? 1 : 0)
        default: throw .rendering("\(value.kindName) has no absolute value", place)
        }
    }

    /// `values.sum(attribute=None, start=0)`
    func total(
        _ elements: [TemplateValue], _ arguments: CallArguments, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        var total = arguments.value(1, "start") ?? .integer(0)
        for element in elements {
            let value = try arguments.value(0, "attribute").map { path throws(ChatTemplateError) in
                try access.value(at: path, of: element, place)
            }
            total = try values.sum(total, value ?? element, place)
        }
        return total
    }
}
