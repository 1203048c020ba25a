// SPDX-License-Identifier: Apache-2.0
import DaemonSettings
import Foundation
import HummingbirdCore
import LinuxKernel
import NIOCore
import ServingModel
import Synchronization
import Testing
import UnixHTTP

/// What RFC 9110 and 9112 ask of a server, byte by byte over a real socket.
@Suite struct HTTPFramingTests {
    private static let get = "GET /ok HTTP/1.1\r\nHost: x\r\n"
    private static let last = get + "Connection: close\r\n\r\n"

    /// What the server says to `text` until it closes the connection.
    private func exchange(
        _ text: String, limits: UnixHTTPLimits = UnixHTTPLimits()
    ) async throws -> String {
        let answer = Mutex("")
        try await ServerFixture.run(.ofEveryKind, limits: limits) { fixture in
            let received = try await fixture.rawConnection(sending: text).readToEnd()
            answer.withLock { $0 = received }
        }
        return answer.withLock { $0 }
    }

    /// The bodies of answers that follow each other on a connection: what stands between one header and the next.
    private func bodies(_ answers: String) -> [String] {
        answers.components(separatedBy: "HTTP/1.1 ").dropFirst().map { answer in
            answer.components(separatedBy: "\r\n\r\n").dropFirst().joined(separator: "\r\n\r\n")
        }
    }

    @Test("HEAD has GET's header and no body, and the next answer on the connection is whole")
    func head() async throws {
        let answers = try await exchange(
            "HEAD /ok HTTP/1.1\r\nHost: x\r\n\r\nHEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n" + Self.last)
        #expect(bodies(answers) == ["", "", "fine"])
        #expect(answers.components(separatedBy: "HTTP/1.1 ")[1].lowercased().contains("content-length: 4\r\n"))
    }

    @Test("a method that a path has not is told which it has")
    func allow() async throws {
        let answer = try await exchange("POST /ok HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 405 ") && answer.contains("\r\nAllow: GET, HEAD\r\n"))
    }

    @Test("requests that come at once are answered in their order")
    func pipelining() async throws {
        let post = "POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
        #expect(bodies(try await exchange(Self.get + "\r\n" + post + post + Self.last)) == ["fine", "3", "3", "fine"])
    }

    @Test("who waits for 100 Continue gets it when a route wants the body")
    func continues() async throws {
        try await ServerFixture.run(.ofEveryKind) { fixture in
            let head = "POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n"
            let connection = try fixture.rawConnection(sending: head + "Expect: 100-Continue\r\n\r\n")
            #expect(try await connection.receiveSome() == "HTTP/1.1 100 Continue\r\n\r\n")
            try connection.send("abc")
            let answer = try await connection.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.hasSuffix("\r\n\r\n3"))
        }
    }

    @Test("who waits for 100 Continue and is refused gets the refusal alone, and the connection ends")
    func refusedExpectation() async throws {
        let head = "POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
        let answer = try await exchange(head)
        #expect(answer.hasPrefix("HTTP/1.1 409 ") && answer.lowercased().contains("connection: close\r\n"))
    }

    @Test("a body that nobody reads is not in the way of the next request")
    func unreadBody() async throws {
        let body = String(repeating: "x", count: 200_000)
        let answers = try await exchange(
            "POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)" + Self.last)
        #expect(bodies(answers) == ["", "fine"])
    }

    @Test("HTTP/1.0 gets no chunks, and the end of the connection where it asked for nothing else")
    func oldClients() async throws {
        let plain = try await exchange("GET /ok HTTP/1.0\r\n\r\n")
        #expect(plain.hasSuffix("\r\n\r\nfine") && plain.lowercased().contains("connection: close\r\n"))
        let streamed = try await exchange("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(streamed.hasSuffix("\r\n\r\none two") && !streamed.lowercased().contains("chunked"))
        #expect(streamed.lowercased().contains("connection: close\r\n"))
        let kept = try await exchange("GET /ok HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /ok HTTP/1.0\r\n\r\n")
        #expect(bodies(kept) == ["fine", "fine"])
        #expect(kept.lowercased().contains("connection: keep-alive\r\n"))
    }

    @Test("a client that has ended its sending gets its answers", arguments: ["/ok", "/stream"])
    func halfClosed(path: String) async throws {
        try await ServerFixture.run(.ofEveryKind) { fixture in
            let request = "GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n"
            let connection = try fixture.rawConnection(sending: request + request)
            connection.endSending()
            let answers = try await connection.readToEnd()
            #expect(bodies(answers).count == 2)
            for body in bodies(answers) { #expect(body.contains(path == "/ok" ? "fine" : "two")) }
        }
    }

    @Test(
        "what has two readings is refused, and nothing behind it is taken for a request",
        arguments: [
            "Content-Length: 3\r\nContent-Length: 4\r\n", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "Content-Length: 3, 4\r\n", "Content-Length: +3\r\n",
            "Transfer-Encoding: gzip\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Content-Length : 3\r\n",
            "X: a\r\n b\r\n",
        ])
    func smuggling(fields: String) async throws {
        let answer = try await exchange("POST /count HTTP/1.1\r\nHost: x\r\n\(fields)\r\n0\r\n\r\n" + Self.last)
        #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(answer)")
        #expect(bodies(answer) == [#"{"refused":"malformedRequest"}"#])
    }

    @Test(
        "each kind of bad request has its own status, a body in the API's form, and ends the connection",
        arguments: [
            ("GET /ok HTTP/1.1\r\n\r\n", 400, "missingHost"),
            ("GET /ok HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400, "missingHost"),
            (get + "X: " + String(repeating: "a", count: 40_000) + "\r\n\r\n", 431, "headersTooLarge"),
            (get + (0..<101).map { "X\($0): a\r\n" }.joined() + "\r\n", 431, "headersTooLarge"),
            ("GET /" + String(repeating: "a", count: 9000) + " HTTP/1.1\r\nHost: x\r\n\r\n", 414, "targetTooLong"),
            ("GET /" + String(repeating: "a", count: 90_000), 414, "targetTooLong"),
            (get + "Expect: a-miracle\r\n\r\n", 417, "expectationFailed"),
            ("GET /ok HTTP/2.0\r\nHost: x\r\n\r\n", 505, "versionNotSupported"),
            ("\u{1}\u{2}\u{3} nonsense\r\n\r\n", 400, "malformedRequest"),
            ("GET ok HTTP/1.1\r\nHost: x\r\n\r\n", 400, "malformedRequest"),
            ("POST /count HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "malformedRequest"),
        ])
    func refusals(_ request: String, _ status: Int, _ name: String) async throws {
        let answer = try await exchange(request)
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
        #expect(bodies(answer) == [#"{"refused":"\#(name)"}"#])
        #expect(answer.lowercased().contains("connection: close\r\n"))
        #expect(answer.contains("\r\nDate: ") && answer.contains("\r\nX-Request-Id: req-"))
    }

    @Test("how many header fields are too many is for the administrator to say")
    func chosenHeaderFields() async throws {
        let request = Self.get + (0..<20).map { "X\($0): a\r\n" }.joined() + "Connection: close\r\n\r\n"
        #expect(try await exchange(request).hasPrefix("HTTP/1.1 200 "))
        let answer = try await exchange(request, limits: .with { $0.headerFields = 16 })
        #expect(answer.hasPrefix("HTTP/1.1 431 "), "\(answer)")
    }

    @Test("a strange Host is nobody's business, and HTTP/1.0 needs none")
    func anyHost() async throws {
        for head in ["1.1\r\nHost: evil.example:99\r\n", "1.1\r\nHost: \r\n", "1.0\r\n"] {
            let answer = try await exchange("GET /ok HTTP/\(head)Connection: close\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(head): \(answer)")
        }
    }

    @Test(
        "a header, or the rest of a body, that does not come is a 408",
        arguments: [get, "POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab"])
    func slow(request: String) async throws {
        let answer = try await exchange(request, limits: .with { $0.idleSeconds = 1 })
        #expect(answer.hasPrefix("HTTP/1.1 408 ") && bodies(answer) == [#"{"refused":"requestTimedOut"}"#], "\(answer)")
    }

    @Test("a connection that is not used is closed without a word")
    func idle() async throws {
        #expect(try await exchange("", limits: .with { $0.idleSeconds = 1 }) == "")
    }

    @Test("every answer has its date and the request's id, the client's own where it is sane")
    func identity() async throws {
        let request = "GET /id HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        let made = try await exchange(request + "\r\n")
        let id = try #require(bodies(made).first)
        #expect(id.hasPrefix("req-") && made.contains("\r\nX-Request-Id: \(id)\r\n"))
        let date = try #require(made.components(separatedBy: "\r\nDate: ").last?.components(separatedBy: "\r\n").first)
        #expect(date.hasSuffix(" GMT") && date.utf8.count == 29)
        let echoed = try await exchange(request + "x-request-id: abc-123\r\n\r\n")
        #expect(echoed.contains("\r\nX-Request-Id: abc-123\r\n"))
        for bad in ["", "a b", "\u{e4}", String(repeating: "a", count: 129)] {
            #expect(try await exchange(request + "X-Request-Id: \(bad)\r\n\r\n").contains("\r\nX-Request-Id: req-"))
        }
        let missing = try await exchange("GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(missing.hasPrefix("HTTP/1.1 404 ") && missing.contains("\r\nX-Request-Id: req-"))
    }

    @Test("as many connections wait as the socket was asked to hold, not NIO's 128")
    func backlog() async throws {
        try await ServerFixture.run(.ofEveryKind, limits: .with { $0.connections = 1 }) { fixture in
            let first = try fixture.rawConnection(sending: Self.get + "\r\n")
            #expect(try await first.receive(until: "fine").contains("fine"))
            // A full queue is an error here, not a wait.
            let waiting = try (0..<600).map { _ in try RawConnection.connectWithoutWaiting(to: fixture.socketPath) }
            #expect(waiting.count == 600)
        }
    }
}
