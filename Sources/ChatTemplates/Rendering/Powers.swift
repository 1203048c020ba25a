// SPDX-License-Identifier: Apache-2.0

extension ValueOperations {
    /// `left ** right`, whole where both are and the exponent is not negative.
    func power(
        _ left: TemplateValue, _ right: TemplateValue, _ place: SourcePosition
    ) throws(ChatTemplateError) -> TemplateValue {
        if let base = left.wholeNumber, let exponent = right.wholeNumber, exponent >= 0 {
            return .integer(try wholePower(base, exponent, place))
        }
        guard let base = left.number, let exponent = right.number else {
            throw .rendering("'**' does not work on \(left.kindName) and \(right.kindName)", place)
        }
        guard let whole = Int(exactly: exponent), abs(Double(whole)) < 1_000 else {
            throw .rendering("'**' needs a whole exponent below 1000", place)
        }
        guard base != 0 || whole >= 0 else { throw .rendering("a division by zero", place) }
        var result = 1.0
        for _ in 0..<abs(whole) { result *= base }
        return .float(whole < 0 ? 1 / result : result)
    }

    private func wholePower(
        _ base: Int, _ exponent: Int, _ place: SourcePosition
    ) throws(ChatTemplateError) -> Int {
        if base == 0 || base == 1 { return exponent == 0 ? 1 : base }
        if base == -1 { return exponent % 2 == 0 ? 1 : -1 }
        var result = 1
        for _ in 0..<min(exponent, 64) {
            let (product, overflows) = result.multipliedReportingOverflow(by: base)
            guard !overflows else { throw .rendering("a number became too large", place) }
            result = product
        }
        return result
    }
}
