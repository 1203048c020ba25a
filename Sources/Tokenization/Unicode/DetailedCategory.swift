// SPDX-License-Identifier: Apache-2.0

/// The general category of characters that are neither letters, numbers nor white space, as some families of
/// pre-tokenizers need it. Answers come from the Swift runtime's own tables.
enum DetailedCategory {
    case mark, punctuation, symbol, control, other

    /// The category of a Unicode scalar.
    init(of scalar: UInt32) {
        guard let scalar = Unicode.Scalar(scalar) else {
            self = .other
            return
        }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: self = .mark
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            self = .punctuation
        case .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol: self = .symbol
        case .control, .format, .surrogate, .privateUse: self = .control
        default: self = .other
        }
    }
}
