// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import Messages

/// The sentence of an error answer, whichever of the two envelopes it has.
enum ServerErrorBody {
    /// OpenAI's envelope, which the scheduler uses everywhere.
    private struct Envelope: Decodable {
        struct Content: Decodable {
            let message: String
        }
        let error: Content
    }

    /// The server's own words, or the status where the body is something else.
    static func message(status: Int, body: [UInt8]) -> String {
        let data = Data(body)
        if let envelope = try? JSONDecoder().decode(Envelope.self, from: data) { return envelope.error.message }
        if let error = try? JSONDecoder().decode(NodeAPIError.self, from: data) { return error.message }
        return "the server answered with status \(status) and no explanation; see its log"
    }
}
