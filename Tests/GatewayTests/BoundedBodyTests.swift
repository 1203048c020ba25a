// SPDX-License-Identifier: Apache-2.0
import ClusterScheduler
import Foundation
import HTTPTypes
import HummingbirdCore
import Messages
import NIOCore
import OpenAIAPI
import Testing
import UnixHTTP

@testable import Gateway

@Suite("Bodies that cannot be taken")
struct BoundedBodyTests {
    private static let head = "POST \(SchedulerRoutes.chatCompletions) HTTP/1.1\r\nHost: x\r\n"

    private func error(in answer: String) throws -> ErrorEnvelope.Body {
        let body = try #require(answer.range(of: "\r\n\r\n")).upperBound
        return try JSONDecoder().decode(ErrorEnvelope.self, from: Data(answer[body...].utf8)).error
    }

    @Test(
        "a client that sends too much before it reads gets its 413, then the end of the connection",
        arguments: [true, false])
    func tooLarge(isChunked: Bool) async throws {
        try await GatewayFixture.run { gateway in
            let size = GenerationRequest.Limits.bodyBytes + (1 << 20)
            let text = String(repeating: "x", count: size)
            let body =
                isChunked
                ? "Transfer-Encoding: chunked\r\n\r\n\(String(size, radix: 16))\r\n\(text)\r\n0\r\n\r\n"
                : "Content-Length: \(size)\r\n\r\n\(text)"
            let answer = try await RawExchange.perform(Self.head + body, at: gateway.apiSocket)
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
            #expect(answer.lowercased().contains("connection: close\r\n"))
            #expect(try error(in: answer).code == "request_too_large")
        }
    }

    @Test("a client that never stops sending is not read for ever")
    func endless() async throws {
        try await GatewayFixture.run { gateway in
            let size = GenerationRequest.Limits.bodyBytes + UnixHTTPLimits().drainBytes * 2
            let text = "Content-Length: \(1 << 40)\r\n\r\n" + String(repeating: "x", count: size)
            let answer = try await RawExchange.perform(Self.head + text, at: gateway.apiSocket)
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test("chunks that are none are a 400")
    func brokenChunks() async throws {
        try await GatewayFixture.run { gateway in
            let answer = try await RawExchange.perform(
                Self.head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", at: gateway.apiSocket)
            #expect(answer.hasPrefix("HTTP/1.1 400 "))
            #expect(try error(in: answer).message.contains("body"))
        }
    }

    @Test("a packed body is a 415, a body as it is none")
    func encodings() async throws {
        try await GatewayFixture.run { gateway in
            let packed = try await RawExchange.perform(
                Self.head + "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", at: gateway.apiSocket)
            #expect(packed.hasPrefix("HTTP/1.1 415 "))
            #expect(try error(in: packed).message.contains("gzip"))
            let plain = try await RawExchange.perform(
                Self.head + "Connection: close\r\nContent-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc",
                at: gateway.apiSocket)
            #expect(plain.hasPrefix("HTTP/1.1 400 "))
        }
    }
}
