// SPDX-License-Identifier: Apache-2.0

/// What Python's `str.is...` methods ask of all characters of a text.
enum CharacterTests {
    /// Whether a text passes; an empty one does for `isascii` alone.
    static func hold(_ name: MethodName, _ text: String) -> Bool {
        let scalars = text.unicodeScalars
        switch name {
        case .isascii: return scalars.allSatisfy(\.isASCII)
        case .islower, .isupper:
            let unwanted: (Unicode.Scalar) -> Bool = { scalar in
                let properties = scalar.properties
                return properties.generalCategory == .titlecaseLetter
                    || (name == .islower ? properties.isUppercase : properties.isLowercase)
            }
            return scalars.contains { $0.properties.isCased } && !scalars.contains(where: unwanted)
        default: return !scalars.isEmpty && scalars.allSatisfy { holds(name, $0) }
        }
    }

    private static func holds(_ name: MethodName, _ scalar: Unicode.Scalar) -> Bool {
        let properties = scalar.properties
        switch name {
        case .isdecimal: return properties.numericType == .decimal
        case .isdigit: return properties.numericType == .decimal || properties.numericType == .digit
        case .isnumeric: return properties.numericType != nil
        case .isalpha: return isLetter(properties)
        case .isalnum: return isLetter(properties) || properties.numericType != nil
        case .isspace: return MarkedText.isSpace(scalar)
        default: return false
        }
    }

    private static func isLetter(_ properties: Unicode.Scalar.Properties) -> Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: false
        }
    }
}
