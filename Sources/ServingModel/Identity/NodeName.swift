// SPDX-License-Identifier: Apache-2.0

/// A node's name: the file name of its sockets without `.sock`; 1 to 64 of `a-z 0-9 -`, beginning with a letter.
package struct NodeName: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The checked text.
    package let text: String

    /// The node that exists on every host.
    package static let local = NodeName(unchecked: "local")

    /// `nil` where `text` breaks the rules above.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard (1...64).contains(bytes.count), (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(bytes[0]),
            bytes.allSatisfy({ byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
            })
        else { return nil }
        self.text = text
    }

    private init(unchecked text: String) {
        self.text = text
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let name = NodeName(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a node name has 1 to 64 of a-z 0-9 - and begins with a letter")
        }
        self = name
    }

    /// As one string.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    package var description: String { text }
}
