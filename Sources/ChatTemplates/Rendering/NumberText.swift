// SPDX-License-Identifier: Apache-2.0

/// Numbers as Python writes them.
enum NumberText {
    /// The shortest digits that come back as the same number; an exponent below 1e-4 and from 1e16 on.
    static func float(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
        guard value != 0 else { return value.sign == .minus ? "-0.0" : "0.0" }
        let sign = value < 0 ? "-" : ""
        let (digits, exponent) = shortest(value.magnitude)
        if exponent < -4 || exponent >= 16 {
            let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
            let size = "\(abs(exponent))"
            return sign + digits.prefix(1) + fraction + "e" + (exponent < 0 ? "-" : "+")
                + (size.count < 2 ? "0" : "") + size
        }
        if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits }
        let whole = digits.prefix(exponent + 1)
        let padding = String(repeating: "0", count: exponent + 1 - whole.count)
        let fraction = digits.dropFirst(exponent + 1)
        return sign + whole + padding + "." + (fraction.isEmpty ? "0" : fraction)
    }

    /// As `json.dumps` writes it.
    static func jsonFloat(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity" }
        return float(value)
    }

    /// A number with a fixed count of digits after the point, halves to even.
    static func fixed(_ value: Double, digits: Int) -> String {
        guard value.isFinite else { return float(value) }
        let rounded = Self.rounded(value, digits: digits)
        let text = plain(rounded.magnitude)
        let parts = text.split(separator: ".", maxSplits: 1)
        let fraction = parts.count > 1 ? String(parts[1].prefix(digits)) : ""
        let sign = rounded.sign == .minus ? "-" : ""
        guard digits > 0 else { return sign + parts[0] }
        return sign + parts[0] + "." + fraction + String(repeating: "0", count: digits - fraction.count)
    }

    /// The nearest number with so many digits after the point.
    static func rounded(_ value: Double, digits: Int) -> Double {
        guard value.isFinite, digits <= 15, digits >= -300 else { return value }
        var scale = 1.0
        for _ in 0..<abs(digits) { scale *= 10 }
        let scaled = digits >= 0 ? value * scale : value / scale
        guard scaled.isFinite, scaled.magnitude < 0x1p52 else { return value }
        var nearest = scaled.rounded(.toNearestOrEven)
        // A product such as 2.675 * 100 may have become a half by rounding alone; the exact one decides.
        if digits > 0, (scaled - scaled.rounded(.towardZero)).magnitude == 0.5 {
            let error = (-scaled).addingProduct(value, scale)
            if error != 0 { nearest = error > 0 ? scaled.rounded(.up) : scaled.rounded(.down) }
        }
        return digits >= 0 ? nearest / scale : nearest * scale
    }

    /// The shortest digits of a positive number and the power of ten of the first one.
    private static func shortest(_ value: Double) -> (digits: String, exponent: Int) {
        let parts = "\(value)".lowercased().split(separator: "e")
        let power = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let halves = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let whole = halves[0].drop { $0 == "0" }
        let fraction = halves.count > 1 ? halves[1] : ""
        var digits = String(whole) + fraction
        var exponent = power + whole.count - 1
        if whole.isEmpty {
            let zeros = fraction.prefix { $0 == "0" }.count
            digits = String(fraction.dropFirst(zeros))
            exponent = power - zeros - 1
        }
        while digits.count > 1, digits.last == "0" { digits.removeLast() }
        return (digits, exponent)
    }

    private static func plain(_ value: Double) -> String {
        guard value != 0 else { return "0.0" }
        let (digits, exponent) = shortest(value)
        if exponent < 0 { return "0." + String(repeating: "0", count: -exponent - 1) + digits }
        let whole = digits.prefix(exponent + 1)
        let fraction = digits.dropFirst(exponent + 1)
        return whole + String(repeating: "0", count: exponent + 1 - whole.count) + "."
            + (fraction.isEmpty ? "0" : fraction)
    }
}
