// SPDX-License-Identifier: Apache-2.0

/// A value that is one text of a certain form, checked where it is made, and that is this text in JSON, too.
package protocol CheckedText: Hashable, Sendable, Codable, CustomStringConvertible {
    /// What its texts look like, for whoever wrote another one: `a node name has ...`.
    static var form: String { get }
    /// nil where `text` has another form.
    init?(_ text: String)
}

extension CheckedText {
    /// Reads one string. Throws `DecodingError` for a text of another form.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Self(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(text.prefix(40))' cannot be: \(Self.form)")
        }
        self = value
    }

    /// As one string.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
