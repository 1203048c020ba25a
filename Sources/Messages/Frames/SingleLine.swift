// SPDX-License-Identifier: Apache-2.0

extension String {
    /// The text on one line: controls, with which a log's next line or a terminal's order could be forged, are `mark`s.
    package func onOneLine(controlsAs mark: Unicode.Scalar) -> String {
        var line = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) || scalar == "\u{2028}"
            line.append(isControl ? mark : scalar)
        }
        return String(line)
    }
}
