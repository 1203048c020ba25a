// SPDX-License-Identifier: Apache-2.0

/// Texts in other cases, as Python's `str` has them.
enum CaseMapping {
    /// `str.lower`
    static func lower(_ text: MarkedText) -> MarkedText {
        text.mapParts { lower($0) }
    }

    /// `str.upper`
    static func upper(_ text: MarkedText) -> MarkedText {
        text.mapParts { part in part.unicodeScalars.reduce(into: "") { $0 += $1.properties.uppercaseMapping } }
    }

    /// `str.capitalize`: a title-case letter, then lower case.
    static func capitalized(_ text: MarkedText) -> MarkedText {
        let offsets = text.characterOffsets
        guard offsets.count > 1 else { return text }
        var result = text.part(0..<offsets[1]).mapParts { part in
            part.unicodeScalars.reduce(into: "") { $0 += $1.properties.titlecaseMapping }
        }
        result.append(lower(text.part(offsets[1]..<text.bytes.count)))
        return result
    }

    /// `str.title`: words are runs of letters that have a case.
    static func titled(_ text: MarkedText) -> MarkedText {
        var isInWord = false
        return text.mapParts { part in
            part.unicodeScalars.reduce(into: "") { result, scalar in
                result += isInWord ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping
                isInWord = scalar.properties.isCased
            }
        }
    }

    /// The filter `title`: words begin after white space, a dash or an opening bracket, wherever a letter's case lies.
    static func wordsTitled(_ text: MarkedText) -> MarkedText {
        let openings = "-({[<".unicodeScalars
        var isInWord = false
        return text.mapParts { part in
            part.unicodeScalars.reduce(into: "") { result, scalar in
                if MarkedText.isSpace(scalar) || openings.contains(scalar) {
                    isInWord = false
                    result.unicodeScalars.append(scalar)
                    return
                }
                result += isInWord ? scalar.properties.lowercaseMapping : scalar.properties.uppercaseMapping
                isInWord = true
            }
        }
    }

    /// `str.swapcase`
    static func swapped(_ text: MarkedText) -> MarkedText {
        text.mapParts { part in
            part.unicodeScalars.reduce(into: "") { result, scalar in
                result +=
                    scalar.properties.isUppercase
                    ? scalar.properties.lowercaseMapping : scalar.properties.uppercaseMapping
            }
        }
    }

    /// Lower case; a capital sigma at the end of a word becomes the final one.
    private static func lower(_ text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        var result = ""
        for (index, scalar) in scalars.enumerated() {
            guard scalar == "\u{3A3}" else {
                result += scalar.properties.lowercaseMapping
                continue
            }
            let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
            let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
            let isFinal = before?.properties.isCased ?? false && !(after?.properties.isCased ?? false)
            result += isFinal ? "\u{3C2}" : "\u{3C3}"
        }
        return result
    }
}
