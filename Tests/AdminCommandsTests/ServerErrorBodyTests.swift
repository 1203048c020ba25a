// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AdminCommands

@Suite("Errors of the server")
struct ServerErrorBodyTests {
    @Test(
        "Both envelopes give their sentence",
        arguments: [
            #"{"error":{"message":"no such model","type":"invalid_request_error","code":"model_not_found"}}"#,
            #"{"code":"model_not_found","message":"no such model"}"#,
        ])
    func sentence(body: String) {
        #expect(ServerErrorBody.message(status: 404, body: Array(body.utf8)) == "no such model")
    }

    @Test("Anything else names the status")
    func other() {
        #expect(ServerErrorBody.message(status: 502, body: Array("<html>".utf8)).contains("502"))
    }

    @Test("Statuses become exit codes", arguments: [(400, 1), (403, 77), (404, 1), (429, 75), (503, 75), (500, 1)])
    func exitCodes(status: Int, code: Int32) {
        #expect(CommandError.fromServer(status: status, message: "").exitCode == code)
    }
}
