// SPDX-License-Identifier: Apache-2.0

/// Who is billed, queued and isolated together: a tenant that the configuration names, or one user of the host
/// (`uid:1000`).
package struct TenantName: CheckedText {
    package static let form = "a tenant's name has 1 to 64 of A-Z a-z 0-9 . _ : -"

    /// The checked text: 1 to 64 of `A-Z a-z 0-9 . _ : -`.
    package let text: String

    /// nil where `text` breaks the rule above.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard (1...64).contains(bytes.count), bytes.allSatisfy(Self.isAllowed) else { return nil }
        self.text = text
    }

    /// The tenant that a user is where the configuration names no other.
    package init(userID: UInt32) {
        text = "uid:\(userID)"
    }

    package var description: String { text }

    /// The same number for the same name in every process: FNV-1a over the bytes, for frames and for tables that are
    /// kept by tenant where the name itself has no use.
    package var tag: UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "._:-".utf8.contains(byte)
        }
    }
}
