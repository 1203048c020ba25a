// SPDX-License-Identifier: Apache-2.0

/// The lines of an event stream as OpenAI's clients read it.
package enum ServerSentEvents {
    /// Value of Content-Type.
    package static let contentType = "text/event-stream; charset=utf-8"
    /// The last event of a complete answer.
    package static let done = Array("data: [DONE]\n\n".utf8)
    /// A comment: clients skip it, proxies see that the connection lives.
    package static let keepAlive = Array(": keep-alive\n\n".utf8)

    /// One event with `json`, which must be a single line.
    package static func event(_ json: [UInt8]) -> [UInt8] {
        var bytes = Array("data: ".utf8)
        bytes.append(contentsOf: json)
        bytes.append(contentsOf: [0x0A, 0x0A])
        return bytes
    }
}
