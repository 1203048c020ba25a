// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import Messages
internal import NIOCore
internal import ServingModel

/// An event as a line of a stream.
enum EventLine {
    /// More than a token's line has beside its text.
    private static let tokenBytes = 96
    /// Of a model, with all that its makers say of it.
    private static let modelBytes = 2048
    private static let otherBytes = 1024

    /// Adds the line. Throws where JSON cannot say the event, a defect.
    static func write(_ event: NodeEvent, to lines: inout ByteBuffer) throws {
        if case .tokens(let tokens) = event, let line = TokenLine.write(tokens) {
            lines.writeBytes(line)
        } else {
            lines.writeBytes(try JSONEncoder().encode(event))
        }
        lines.writeInteger(UInt8(ascii: "\n"))
    }

    /// How long the line will be, about: what is kept is bounded before anybody writes it.
    static func estimatedByteCount(_ event: NodeEvent) -> Int {
        switch event {
        case .tokens(let tokens): tokens.reduce(0) { $0 + tokenBytes + $1.token.text.utf8.count }
        case .models(let models): models.count * modelBytes
        case .task(_, .failed(_, let message)): otherBytes + message.utf8.count
        case .task(_, .vector(let input)): otherBytes + 16 * input.vector.count
        case .hello, .instances, .task, .keyValues: otherBytes
        }
    }
}
