// SPDX-License-Identifier: Apache-2.0

/// The name under which a keeper holds a descriptor for its node daemon, such as `arena/qwen-f16`: 1 to 96 characters of
/// printable ASCII.
package struct DescriptorKey: Hashable, Sendable, CustomStringConvertible {
    /// Longest key in bytes.
    package static let byteLimit = 96

    /// The key's text.
    package let text: String

    /// nil for a text that is no key.
    package init?(_ text: String) {
        guard (1...Self.byteLimit).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            return nil
        }
        self.text = text
    }

    package var description: String { text }

    static func take(from reader: inout FrameReader) throws(FrameError) -> DescriptorKey {
        guard let key = DescriptorKey(try reader.takeText("key", limit: byteLimit)) else {
            throw .outOfRange(field: "key")
        }
        return key
    }
}
