// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import Messages

/// An error answer, whichever of the two envelopes it has.
struct ServerErrorBody: Hashable, Sendable {
    /// OpenAI's envelope, which the scheduler uses everywhere.
    private struct Envelope: Decodable {
        struct Content: Decodable {
            let message: String
            let code: String?
        }
        let error: Content
    }

    /// The server's sentence, or the status where the body is something else; routes are named as verbs.
    let message: String
    /// The server's stable word for the error; nil where it gave none.
    let code: String?

    init(status: Int, body: [UInt8]) {
        let data = Data(body)
        if let error = try? JSONDecoder().decode(Envelope.self, from: data).error {
            message = Self.namingVerbs(error.message)
            code = error.code
        } else if let error = try? JSONDecoder().decode(NodeAPIError.self, from: data) {
            message = Self.namingVerbs(error.message)
            code = error.code
        } else {
            message = "the server answered with status \(status) and no explanation; see its log"
            code = nil
        }
    }

    /// The server speaks of its routes; whoever uses this command has verbs for them.
    private static func namingVerbs(_ message: String) -> String {
        message
            .replacing("GET \(SchedulerRoutes.jobs)", with: "deepflow job list")
            .replacing("GET \(SchedulerRoutes.nodes)", with: "deepflow node list")
            .replacing("GET \(SchedulerRoutes.models)", with: "deepflow model list")
    }
}
