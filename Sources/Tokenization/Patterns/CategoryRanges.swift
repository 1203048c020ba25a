// SPDX-License-Identifier: Apache-2.0

/// Unicode's general categories as sets, by the names that regular expressions have for them.
struct CategoryRanges {
    /// The categories of the Unicode that the Swift runtime knows, read once.
    static let unicode = CategoryRanges()

    private static let alphabetic = ScalarSet(
        (0..<ScalarSet.end).filter { Unicode.Scalar($0)?.properties.isAlphabetic ?? false }.map { $0..<$0 + 1 })

    private struct Run {
        let range: Range<UInt32>
        let name: String
    }

    private let runs: [Run]

    private init() {
        var runs: [Run] = []
        var start: UInt32 = 0
        var current = Self.category(of: 0)
        for scalar in 1...ScalarSet.end {
            let next = scalar < ScalarSet.end ? Self.category(of: scalar) : nil
            guard next != current else { continue }
            runs.append(Run(range: start..<scalar, name: current.map(Self.name) ?? "Cs"))
            start = scalar
            current = next
        }
        self.runs = runs
    }

    /// The characters of a category, `L` or `Lu`; nil for a name that is none.
    func set(named name: String) -> ScalarSet? {
        switch name {
        // Letters, numbers and white space are those of the scanners.
        case "L", "Letter": return Self.set(of: [.letter])
        case "N", "Number": return Self.set(of: [.number])
        case "White_Space", "Space", "space": return Self.set(of: [.whiteSpace, .newline])
        case "Alphabetic", "Alpha": return Self.alphabetic
        case "Han": return PatternScripts.han
        case "Hiragana": return PatternScripts.hiragana
        case "Katakana": return PatternScripts.katakana
        case "Hangul": return PatternScripts.hangul
        case "Any": return .everything
        default: break
        }
        let long = ["Mark": "M", "Punctuation": "P", "Symbol": "S", "Separator": "Z", "Other": "C"]
        let wanted = long[name] ?? name
        let found = runs.filter { $0.name == wanted || wanted.utf8.count == 1 && $0.name.hasPrefix(wanted) }
        return found.isEmpty ? nil : ScalarSet(found.map(\.range))
    }

    /// The characters of classes that the scanners know.
    static func set(of classes: [CharacterClass]) -> ScalarSet {
        var ranges: [Range<UInt32>] = (0..<0x80).filter { classes.contains(CharacterClass(of: $0)) }.map { $0..<$0 + 1 }
        for (index, change) in UnicodeRanges.changes.enumerated() {
            guard let kind = CharacterClass(rawValue: change & 3), classes.contains(kind) else { continue }
            let next =
                UnicodeRanges.changes.indices.contains(index + 1)
                ? UnicodeRanges.changes[index + 1] >> 2 : ScalarSet.end
            ranges.append(change >> 2..<next)
        }
        return ScalarSet(ranges)
    }

    private static func category(of scalar: UInt32) -> Unicode.GeneralCategory? {
        Unicode.Scalar(scalar)?.properties.generalCategory
    }

    private static func name(_ category: Unicode.GeneralCategory) -> String {
        switch category {
        case .uppercaseLetter: "Lu"
        case .lowercaseLetter: "Ll"
        case .titlecaseLetter: "Lt"
        case .modifierLetter: "Lm"
        case .otherLetter: "Lo"
        case .nonspacingMark: "Mn"
        case .spacingMark: "Mc"
        case .enclosingMark: "Me"
        case .decimalNumber: "Nd"
        case .letterNumber: "Nl"
        case .otherNumber: "No"
        case .connectorPunctuation: "Pc"
        case .dashPunctuation: "Pd"
        case .openPunctuation: "Ps"
        case .closePunctuation: "Pe"
        case .initialPunctuation: "Pi"
        case .finalPunctuation: "Pf"
        case .otherPunctuation: "Po"
        case .mathSymbol: "Sm"
        case .currencySymbol: "Sc"
        case .modifierSymbol: "Sk"
        case .otherSymbol: "So"
        case .spaceSeparator: "Zs"
        case .lineSeparator: "Zl"
        case .paragraphSeparator: "Zp"
        case .control: "Cc"
        case .format: "Cf"
        case .surrogate: "Cs"
        case .privateUse: "Co"
        default: "Cn"
        }
    }
}
