// SPDX-License-Identifier: Apache-2.0
import ClusterScheduler
import Foundation
import HTTPTypes
import Messages
import OpenAIAPI
import ServingModel
import Testing
import UnixHTTP

@testable import Gateway

@Suite("What HTTP itself forbids, as clients of the API see it")
struct HTTPRefusalTests {
    private static let head = "GET /healthz HTTP/1.1\r\nHost: x\r\n"

    @Test(
        "each refusal has its status, and a code in OpenAI's envelope",
        arguments: [
            (head + "X: " + String(repeating: "a", count: 40_000) + "\r\n\r\n", 431, "headers_too_large"),
            (head + (0..<101).map { "X\($0): a\r\n" }.joined() + "\r\n", 431, "headers_too_large"),
            ("GET /" + String(repeating: "a", count: 9000) + " HTTP/1.1\r\nHost: x\r\n\r\n", 414, "uri_too_long"),
            ("GET /healthz HTTP/1.1\r\n\r\n", 400, "invalid_value"), ("nonsense\r\n\r\n", 400, "invalid_value"),
            (head + "Expect: miracles\r\n\r\n", 417, "expectation_failed"),
            ("GET /healthz HTTP/3.0\r\nHost: x\r\n\r\n", 505, "version_not_supported"),
            ("GET /nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404, "not_found"),
            ("PUT /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405, "method_not_allowed"),
        ])
    func refusals(_ request: String, _ status: Int, _ code: String) async throws {
        try await GatewayFixture.run { gateway in
            let answer = try await RawExchange.perform(request, at: gateway.apiSocket)
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
            #expect(answer.contains("\r\nAllow: GET, HEAD\r\n") == (status == 405))
            let body = try #require(answer.range(of: "\r\n\r\n")).upperBound
            let error = try JSONDecoder().decode(ErrorEnvelope.self, from: Data(answer[body...].utf8)).error
            #expect(error.code == code && !error.message.isEmpty)
        }
    }

    @Test("every refusal has a row of the table with its own status")
    func statuses() {
        let refusals: [HTTPRefusal] = [
            .malformedRequest, .missingHost, .targetTooLong, .headersTooLarge, .requestTimedOut, .expectationFailed,
            .versionNotSupported, .tooManyConnections, .internalError, .noSuchPath("/"),
            .methodNotAllowed(.put, allowed: [.get]), .otherSocket(.admin), .missingRole(.client, userID: 5),
            .bodyTooLarge(limit: 5), .encodingNotSupported("gzip"),
        ]
        for refusal in refusals {
            let answer = GatewayErrorForm().answer(to: refusal)
            #expect(answer.status == refusal.status && APIError(refusal).kind.status == refusal.status, "\(refusal)")
            #expect(answer.headerFields[.retryAfter] == (refusal.status == 429 ? "1" : nil))
        }
    }

    @Test("the id that an answer names is the one that records have, also where the client has a word of its own")
    func identity() async throws {
        try await GatewayFixture.run(script: Scripts.answer("ok")) { gateway in
            let answer = try await gateway.chat()
            let job = try #require(answer.response.header(SchedulerRoutes.jobHeader))
            let record = try await gateway.get(SchedulerRoutes.job(job)).decode(JobRecord.self)
            #expect(answer.response.header("x-request-id") == record.request.description)
            let echoed = try await gateway.api.request(.get, SchedulerRoutes.health, headers: ["X-Request-Id": "mine"])
            #expect(echoed.header("x-request-id") == "mine")
        }
    }
}
