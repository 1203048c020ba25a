// SPDX-License-Identifier: Apache-2.0
import DaemonSettings
import Glibc
import HTTPTypes
import HummingbirdCore
import LinuxKernel
import NIOCore
import ServiceLifecycle
import ServingModel
import Testing
import UnixHTTP

@Suite struct UnixHTTPServerTests {
    /// Tells of a handler's fate from inside it.
    private static func routerThatWaits(_ events: AsyncStream<String>.Continuation) -> TestRoutes {
        var router = TestRoutes()
        router.get("/wait") { _, _ -> String in
            events.yield("started")
            do {
                try await ContinuousClock().sleep(for: .seconds(600))
            } catch is CancellationError {
                events.yield("cancelled")
                throw CancellationError()
            }
            return "never"
        }
        router.get("/stream") { _, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    try await writer.write(ByteBuffer(string: "first\n"))
                    events.yield("written")
                    do {
                        try await ContinuousClock().sleep(for: .seconds(600))
                    } catch is CancellationError {
                        events.yield("cancelled")
                        throw CancellationError()
                    }
                    try await writer.finish(nil)
                })
        }
        return router
    }

    @Test("a route sees who the kernel says is asking")
    func identity() async throws {
        var router = TestRoutes()
        router.get("/who") { _, context in
            "\(context.principal.userID) \(context.principal.processID) \(context.principal.roles.count)"
        }
        try await ServerFixture.run(router) { fixture in
            let response = try await fixture.client.request(.get, "/who")
            let text = String(buffer: try await response.collect(upTo: 100))
            #expect(text == "\(geteuid()) \(getpid()) 3")
        }
    }

    @Test("a client that hangs up ends a handler that waits and writes nothing")
    func hangUpWhileWaiting() async throws {
        let (events, continuation) = AsyncStream<String>.makeStream()
        try await ServerFixture.run(Self.routerThatWaits(continuation)) { fixture in
            var iterator = events.makeAsyncIterator()
            let connection = try fixture.rawConnection(sending: "GET /wait HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(await iterator.next() == "started")
            connection.hangUp()
            #expect(await iterator.next() == "cancelled")
        }
    }

    @Test("a client that hangs up ends a stream between two of its parts")
    func hangUpWithinStream() async throws {
        let (events, continuation) = AsyncStream<String>.makeStream()
        try await ServerFixture.run(Self.routerThatWaits(continuation)) { fixture in
            var iterator = events.makeAsyncIterator()
            let connection = try fixture.rawConnection(sending: "GET /stream HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(await iterator.next() == "written")
            connection.hangUp()
            #expect(await iterator.next() == "cancelled")
        }
    }

    @Test("what is no HTTP is answered with 400 and hurts nobody else")
    func garbage() async throws {
        var router = TestRoutes()
        router.get("/ok") { _, _ in "fine" }
        try await ServerFixture.run(router) { fixture in
            let connection = try fixture.rawConnection(sending: "\u{1}\u{2}\u{3} nonsense\r\n\r\n")
            #expect(try await connection.readToEnd().hasPrefix("HTTP/1.1 400"))
            #expect(try await fixture.client.request(.get, "/ok").status == 200)
        }
    }

    @Test("connections over the limit wait until another one is closed")
    func connectionLimit() async throws {
        var router = TestRoutes()
        router.get("/ok") { _, _ in "fine" }
        try await ServerFixture.run(router, limits: .with { $0.connections = 1 }) { fixture in
            let request = "GET /ok HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
            let first = try fixture.rawConnection(sending: request)
            #expect(try await first.readToEnd().hasPrefix("HTTP/1.1 200"))
            let second = try fixture.rawConnection(sending: request)
            first.hangUp()
            #expect(try await second.readToEnd().hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test("a user's connections over that user's limit are refused, and count no more once they are gone")
    func userLimit() async throws {
        var router = TestRoutes()
        router.get("/") { _, _ in "here" }
        let limits = UnixHTTPLimits.with { ($0.connectionsPerUser, $0.refusedConnections) = (2, 1) }
        try await ServerFixture.run(router, limits: limits) { fixture in
            let request = "GET / HTTP/1.1\r\nhost: x\r\n\r\n"
            let kept = [
                try fixture.rawConnection(sending: request), try fixture.rawConnection(sending: request),
            ]
            for connection in kept { #expect(try await connection.receiveSome().contains("200")) }
            let refused = try fixture.rawConnection(sending: request)
            let answer = try await refused.receive(until: "tooManyConnections")
            #expect(answer.hasPrefix("HTTP/1.1 429 ") && answer.contains("Retry-After: 1\r\n"))
            // Those who are told count, too: the next one is closed without a word.
            let unheard = try fixture.rawConnection(sending: "")
            #expect(try await unheard.readToEnd() == "")
            refused.hangUp()
            for connection in kept { connection.hangUp() }
            // The server notices a moment later: a refusal until then is a matter of time.
            var late = ""
            while !late.contains("200") {
                late = (try? await fixture.rawConnection(sending: request).receiveSome()) ?? ""
            }
        }
    }

    @Test("a handler that fails is a 500 that says nothing of the inside")
    func failingHandler() async throws {
        struct Secret: Error { let text = "inside" }
        var router = TestRoutes()
        router.get("/bad") { _, _ -> String in throw Secret() }
        try await ServerFixture.run(router) { fixture in
            let response = try await fixture.client.request(.get, "/bad")
            #expect(response.status == 500)
            #expect(try await String(buffer: response.collect(upTo: 1000)) == #"{"refused":"internalError"}"#)
        }
    }

    @Test("a shutdown lets a running answer end, takes the socket file away and then refuses")
    func gracefulShutdown() async throws {
        let (gate, opener) = AsyncStream<Void>.makeStream()
        var router = TestRoutes()
        router.get("/slow") { _, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    try await writer.write(ByteBuffer(string: "begun "))
                    var iterator = gate.makeAsyncIterator()
                    _ = await iterator.next()
                    try await writer.write(ByteBuffer(string: "ended"))
                    try await writer.finish(nil)
                })
        }
        try await ServerFixture.run(router) { fixture in
            let response = try await fixture.client.request(.get, "/slow")
            await fixture.group.triggerGracefulShutdown()
            // The group hears of it a moment later; the file goes first of all.
            while access(fixture.socketPath, F_OK) == 0 { await Task.yield() }
            opener.yield()
            #expect(String(buffer: try await response.collect(upTo: 100)) == "begun ended")
            await #expect(throws: UnixHTTPClientError.socketMissing(path: fixture.socketPath)) {
                _ = try await UnixHTTPClient(socketPath: fixture.socketPath).request(.get, "/slow")
            }
        }
    }

    @Test("answers that outlast the drain time are cut")
    func drainEnds() async throws {
        let (events, continuation) = AsyncStream<String>.makeStream()
        let router = Self.routerThatWaits(continuation)
        try await ServerFixture.run(router, limits: UnixHTTPLimits(drainSeconds: 0)) { fixture in
            var iterator = events.makeAsyncIterator()
            let response = try await fixture.client.request(.get, "/stream")
            #expect(await iterator.next() == "written")
            await fixture.group.triggerGracefulShutdown()
            #expect(await iterator.next() == "cancelled")
            await #expect(throws: (any Error).self) { _ = try await response.collect(upTo: 100) }
        }
    }
}
