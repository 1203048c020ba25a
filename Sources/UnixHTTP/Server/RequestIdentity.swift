// SPDX-License-Identifier: Apache-2.0
package import HTTPTypes
package import ServingModel

/// By which a request is found again: in its answer's `X-Request-Id`, in records and in logs.
package struct RequestIdentity: Hashable, Sendable {
    /// The header field that carries it both ways.
    package static let field = HTTPField.Name("X-Request-Id") ?? .trailer
    /// Longest word of a client that is echoed, in bytes.
    private static let longestEcho = 128

    /// The server's own id, which records have.
    package let id: RequestID
    /// What the answer says: the client's word where it sent a sane one, else the id.
    package let text: String

    /// A fresh identity; `word` is what the client calls the request, if anything. Longer than 128 bytes, or with
    /// anything but visible ASCII, it is not echoed.
    package init(echoing word: String? = nil) {
        id = .random()
        if let word, (1...Self.longestEcho).contains(word.utf8.count),
            word.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        {
            text = word
        } else {
            text = id.description
        }
    }

    /// Adds what every answer says: when it was made, and to which request it belongs.
    func sign(_ head: inout HTTPResponse) {
        head.headerFields[.date] = HTTPDate.now
        head.headerFields[Self.field] = text
    }
}
