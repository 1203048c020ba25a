// SPDX-License-Identifier: Apache-2.0

extension SettingForm where Value == Int {
    /// A number of things, without a unit.
    package static func count(_ range: ClosedRange<Int>) -> SettingForm {
        text(
            kind: "count", allowed: "\(range.lowerBound) to \(range.upperBound)", schema: .integer(range),
            show: { .number($0) }
        ) { text in Int(text).flatMap { range.contains($0) ? $0 : nil } }
    }

    /// Bytes: a number with one of the units B, KiB, MiB, GiB and TiB.
    package static func size(_ range: ClosedRange<Int>) -> SettingForm {
        quantity(.bytes, range)
    }

    /// Whole seconds: a number with one of the units s, m, h and d.
    package static func seconds(_ range: ClosedRange<Int>) -> SettingForm {
        quantity(.seconds, range)
    }

    private static func quantity(_ unit: QuantityUnits, _ range: ClosedRange<Int>) -> SettingForm {
        text(
            kind: unit.kind, allowed: unit.allowed(range), schema: .text(pattern: unit.pattern),
            show: { .text(unit.text($0)) }
        ) { text in unit.value(of: text).flatMap { range.contains($0) ? $0 : nil } }
    }
}

extension SettingForm where Value == UInt64 {
    /// Bytes, as the other form of sizes has them.
    package static func size(_ range: ClosedRange<Int>) -> SettingForm {
        let form = SettingForm<Int>.size(range)
        return SettingForm(
            kind: form.kind, allowed: form.allowed, schema: form.schema,
            read: { input, faults in form.read(input, &faults).map { UInt64(clamping: $0) } },
            show: { form.show(Int(clamping: $0)) })
    }
}

extension SettingForm where Value == Duration {
    /// A time down to milliseconds: a number with one of the units ms, s, m, h and d. The range is in milliseconds.
    package static func duration(milliseconds range: ClosedRange<Int>) -> SettingForm {
        let unit = QuantityUnits.milliseconds
        return text(
            kind: unit.kind, allowed: unit.allowed(range), schema: .text(pattern: unit.pattern),
            show: { .text(unit.text(Int(clamping: $0.components.seconds) * 1000 + $0.wholeMilliseconds)) }
        ) { text in
            unit.value(of: text).flatMap { range.contains($0) ? .milliseconds($0) : nil }
        }
    }
}

extension Duration {
    /// Milliseconds beyond the whole seconds.
    fileprivate var wholeMilliseconds: Int { Int(clamping: components.attoseconds / 1_000_000_000_000_000) }
}

/// The units of one quantity, each a multiple of the first.
struct QuantityUnits: Sendable {
    let kind: String
    /// From the smallest to the largest.
    let units: [(name: String, factor: Int)]

    static let bytes = QuantityUnits(
        kind: "size", units: [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)])
    static let seconds = QuantityUnits(kind: "duration", units: [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)])
    static let milliseconds = QuantityUnits(
        kind: "duration", units: [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)])

    /// `30s` in the smallest unit; nil for a text of another form, and for numbers that no Int holds.
    func value(of text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty, let number = Int(digits) else { return nil }
        let name = text.dropFirst(digits.count)
        // Nothing is nothing in every unit.
        if number == 0, name.isEmpty { return 0 }
        guard let unit = units.first(where: { $0.name == name }) else { return nil }
        let (value, isOver) = number.multipliedReportingOverflow(by: unit.factor)
        return isOver ? nil : value
    }

    /// The value in the largest unit that divides it.
    func text(_ value: Int) -> String {
        let unit = units.last { $0.factor == 1 || value != 0 && value % $0.factor == 0 } ?? units[0]
        return "\(value / unit.factor)\(unit.name)"
    }

    /// `1s to 1h, with a unit: s, m, h, d`.
    func allowed(_ range: ClosedRange<Int>) -> String {
        "\(text(range.lowerBound)) to \(text(range.upperBound)), with a unit: "
            + units.map(\.name).joined(separator: ", ")
    }

    /// A regular expression of the texts that have the right form.
    var pattern: String { Self.patternStart + units.map(\.name).joined(separator: "|") + "))$" }

    /// By this the pattern of a quantity is told from other texts' patterns.
    static let patternStart = "^(0|[0-9]+("
}
