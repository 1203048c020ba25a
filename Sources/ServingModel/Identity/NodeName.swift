// SPDX-License-Identifier: Apache-2.0

/// A node's name: the file name of its sockets without `.sock`; 1 to 64 of `a-z 0-9 -`, beginning with a letter.
package struct NodeName: CheckedText {
    package static let form = "a node name has 1 to 64 of a-z 0-9 - and begins with a letter"

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

    package var description: String { text }
}
