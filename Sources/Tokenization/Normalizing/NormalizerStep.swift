// SPDX-License-Identifier: Apache-2.0

/// One change to a text before it is split. Bytes that are no UTF-8 pass every step as they are.
package enum NormalizerStep: Sendable, Equatable {
    /// Unicode's canonical decomposition.
    case nfd
    /// Canonical decomposition and composition.
    case nfc
    /// Compatibility decomposition.
    case nfkd
    /// Compatibility decomposition and canonical composition.
    case nfkc
    case lowercase
    /// Removes nonspacing marks; a decomposition goes before it.
    case stripAccents
    /// Removes controls, turns white space into spaces.
    case cleanControls
    /// Puts a text in front of every fragment that is not empty.
    case prepend([UInt8])
    /// Replaces every occurrence of a text that is not empty.
    case replace([UInt8], with: [UInt8])
    /// Replaces every run of at least two repetitions of a text by another one.
    case collapse([UInt8], with: [UInt8])
    /// Removes white space at the ends.
    case strip(start: Bool, end: Bool)
    /// SentencePiece's compiled map of characters to replacements, as its models hold it.
    case characterMap([UInt8])

    /// Runs of spaces become one, those at the ends go.
    case mergeSpaces
    /// Each character becomes the first of its canonical decomposition; marks of their own stay.
    case baseCharacters
    /// Every character of white space becomes a space.
    case blankWhiteSpace
    /// Removes marks of all kinds.
    case stripMarks

    /// The number of the stored form.
    var code: UInt32 {
        switch self {
        case .nfd: 1
        case .nfc: 2
        case .nfkd: 3
        case .nfkc: 4
        case .lowercase: 5
        case .stripAccents: 6
        case .cleanControls: 7
        case .prepend: 8
        case .replace: 9
        case .strip(let start, let end): 10 + (start ? 1 : 0) + (end ? 2 : 0)
        case .characterMap: 14
        case .collapse: 15
        case .mergeSpaces: 16
        case .baseCharacters: 17
        case .blankWhiteSpace: 18
        case .stripMarks: 19
        }
    }

    /// The texts of the stored form.
    var texts: [[UInt8]] {
        switch self {
        case .prepend(let text), .characterMap(let text): [text, []]
        case .replace(let text, let other), .collapse(let text, let other): [text, other]
        default: [[], []]
        }
    }
}
