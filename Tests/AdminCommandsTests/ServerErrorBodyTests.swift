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
        let error = ServerErrorBody(status: 404, body: Array(body.utf8))
        #expect(error.message == "no such model")
        #expect(error.code == "model_not_found")
    }

    @Test("Anything else names the status")
    func other() {
        #expect(ServerErrorBody(status: 502, body: Array("<html>".utf8)).message.contains("502"))
    }

    @Test("A route in the server's sentence is named as the verb that asks for it")
    func verbs() {
        let body = #"{"error":{"message":"there is no job 'j': GET /v1/deepflow/jobs lists them"}}"#
        let message = ServerErrorBody(status: 404, body: Array(body.utf8)).message
        #expect(message == "there is no job 'j': deepflow job list lists them")
    }

    @Test("Statuses become exit codes", arguments: [(400, 1), (403, 77), (404, 1), (429, 75), (503, 75), (500, 1)])
    func exitCodes(status: Int, code: Int32) {
        #expect(CommandError.fromServer(status: status, code: nil, message: "").exitCode == code)
    }

    @Test(
        "The server's word says more than its status",
        arguments: [
            (400, "invalid_value", 64), (400, "context_length_exceeded", 1), (409, "model_replaced", 75),
            (409, "conflict", 1), (503, "no_node", 75), (nil, "instance_lost", 75), (nil, "server_restarting", 75),
        ] as [(Int?, String, Int32)])
    func words(status: Int?, word: String, code: Int32) {
        #expect(CommandError.fromServer(status: status, code: word, message: "").exitCode == code)
    }
}
