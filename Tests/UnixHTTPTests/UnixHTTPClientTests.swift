// SPDX-License-Identifier: Apache-2.0
import Glibc
import HTTPTypes
import HummingbirdCore
import LinuxKernel
import NIOCore
import ServingModel
import Testing
import UnixHTTP

@Suite struct UnixHTTPClientTests {
    /// Sends everything back as it comes, and says how many bytes it was.
    private static func routerThatEchoes() -> TestRoutes {
        var router = TestRoutes()
        router.post("/count") { request, _ -> String in
            var count = 0
            for try await part in request.body { count += part.readableBytes }
            return "\(count)"
        }
        router.post("/echo") { request, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    for try await part in request.body { try await writer.write(part) }
                    try await writer.finish(nil)
                })
        }
        router.post("/early") { _, _ in Response(status: .conflict) }
        router.get("/lines") { _, _ in "one\ntwo\n\nthree" }
        router.get("/who") { _, context in "\(context.principal.processID)" }
        return router
    }

    private static func parts(_ count: Int, of byteCount: Int) -> AsyncThrowingStream<ByteBuffer, any Error> {
        AsyncThrowingStream { stream in
            for number in 0..<count {
                stream.yield(ByteBuffer(repeating: UInt8(truncatingIfNeeded: number), count: byteCount))
            }
            stream.finish()
        }
    }

    @Test("a streamed body of known size arrives whole")
    func streamsUp() async throws {
        try await ServerFixture.run(Self.routerThatEchoes()) { fixture in
            let body = ClientRequestBody.stream(Self.parts(64, of: 100_000), byteCount: 6_400_000)
            let response = try await fixture.client.request(.post, "/count", body: body)
            #expect(String(buffer: try await response.collect(upTo: 100)) == "6400000")
        }
    }

    @Test("an answer flows back while the request is still being sent")
    func streamsBothWays() async throws {
        let (parts, source) = AsyncThrowingStream<ByteBuffer, any Error>.makeStream()
        try await ServerFixture.run(Self.routerThatEchoes()) { fixture in
            source.yield(ByteBuffer(string: "ping\n"))
            let response = try await fixture.client.request(.post, "/echo", body: .stream(parts, byteCount: nil))
            var lines = response.lines(upTo: 100).makeAsyncIterator()
            #expect(try await lines.next() == ByteBuffer(string: "ping"))
            source.yield(ByteBuffer(string: "pong\n"))
            #expect(try await lines.next() == ByteBuffer(string: "pong"))
            source.finish()
            #expect(try await lines.next() == nil)
        }
    }

    @Test("an answer before the end of the request is an answer")
    func earlyAnswer() async throws {
        let (parts, source) = AsyncThrowingStream<ByteBuffer, any Error>.makeStream()
        try await ServerFixture.run(Self.routerThatEchoes()) { fixture in
            source.yield(ByteBuffer(string: "some"))
            let response = try await fixture.client.request(.post, "/early", body: .stream(parts, byteCount: 1 << 30))
            #expect(response.status == 409)
            _ = try await response.collect(upTo: 100)
            source.finish()
            #expect(try await fixture.client.request(.get, "/lines").status == 200)
        }
    }

    @Test("an error of the streamed body reaches the caller")
    func failingBody() async throws {
        struct Unreadable: Error {}
        try await ServerFixture.run(Self.routerThatEchoes()) { fixture in
            let parts = AsyncThrowingStream<ByteBuffer, any Error> { throw Unreadable() }
            await #expect(throws: Unreadable.self) {
                _ = try await fixture.client.request(.post, "/count", body: .stream(parts, byteCount: 10))
            }
        }
    }

    @Test("lines come one by one, empty ones and a missing last newline included in the bargain")
    func lines() async throws {
        try await ServerFixture.run(Self.routerThatEchoes()) { fixture in
            let response = try await fixture.client.request(.get, "/lines")
            var lines: [String] = []
            for try await line in response.lines(upTo: 10) { lines.append(String(buffer: line)) }
            #expect(lines == ["one", "two", "three"])
        }
    }

    @Test("a body or a line over the caller's limit is an error that names the limit")
    func limits() async throws {
        try await ServerFixture.run(Self.routerThatEchoes()) { fixture in
            let body = ClientRequestBody.bytes([UInt8](repeating: 65, count: 5000))
            await #expect(throws: UnixHTTPClientError.tooLarge(limit: 100)) {
                _ = try await fixture.client.request(.post, "/echo", body: body).collect(upTo: 100)
            }
            await #expect(throws: UnixHTTPClientError.tooLarge(limit: 100)) {
                for try await _ in try await fixture.client.request(.post, "/echo", body: body).lines(upTo: 100) {}
            }
        }
    }

    @Test("a hundred requests at once and again, over kept connections, each get their own answer")
    func concurrentRequests() async throws {
        try await ServerFixture.run(Self.routerThatEchoes()) { fixture in
            for _ in 0..<3 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<100 {
                        group.addTask {
                            let text = "request \(number)"
                            let response = try await fixture.client.request(.post, "/echo", body: .bytes(text.utf8))
                            #expect(String(buffer: try await response.collect(upTo: 100)) == text)
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test("a missing socket, a dead one and a path that is too long are told apart")
    func connectErrors() async throws {
        let directory = try ServerFixture.makeDirectory()
        defer { rmdir(directory) }
        let missing = directory + "/none.sock"
        await #expect(throws: UnixHTTPClientError.socketMissing(path: missing)) {
            _ = try await UnixHTTPClient(socketPath: missing).request(.get, "/")
        }
        let dead = directory + "/dead.sock"
        _ = try UnixSocket.listen(at: dead, kind: .stream, mode: 0o600)
        await #expect(throws: UnixHTTPClientError.notListening(path: dead)) {
            _ = try await UnixHTTPClient(socketPath: dead).request(.get, "/")
        }
        unlink(dead)
        let long = "/" + String(repeating: "x", count: 200)
        await #expect(throws: UnixHTTPClientError.self) {
            _ = try await UnixHTTPClient(socketPath: long).request(.get, "/")
        }
    }

    @Test("a path as long as the kernel allows is connected to")
    func longestPath() async throws {
        // The fixture's directory has 25 bytes, a path 107.
        let name = String(repeating: "s", count: 81)
        try await ServerFixture.run(Self.routerThatEchoes(), socketName: name) { fixture in
            #expect(fixture.socketPath.utf8.count == 107)
            let response = try await fixture.client.request(.get, "/lines")
            #expect(String(buffer: try await response.collect(upTo: 100)) == "one\ntwo\n\nthree")
        }
    }

    @Test("a target with spaces or line breaks is refused before anything is sent")
    func badTarget() async throws {
        for target in ["/a b", "/a\r\nx: y", "a", ""] {
            await #expect(throws: UnixHTTPClientError.self) {
                _ = try await UnixHTTPClient(socketPath: "/nowhere").request(.get, target)
            }
        }
    }

    @Test("a server that says nothing runs into the caller's time limit")
    func timeout() async throws {
        let directory = try ServerFixture.makeDirectory()
        let path = directory + "/s.sock"
        defer {
            unlink(path)
            rmdir(directory)
        }
        // Listens and never accepts.
        let listener = SharedDescriptor(try UnixSocket.listen(at: path, kind: .stream, mode: 0o600))
        await #expect(throws: UnixHTTPClientError.timedOut(path: path)) {
            _ = try await UnixHTTPClient(socketPath: path).request(.get, "/", timeout: .milliseconds(1))
        }
        _ = listener
    }

    @Test("a server that closes in the middle of an answer is a lost connection")
    func cutAnswer() async throws {
        let directory = try ServerFixture.makeDirectory()
        let path = directory + "/s.sock"
        defer {
            unlink(path)
            rmdir(directory)
        }
        let listener = SharedDescriptor(try UnixSocket.listen(at: path, kind: .stream, mode: 0o600))
        let task = Task { try await UnixHTTPClient(socketPath: path).request(.get, "/") }
        let connection = try await RawConnection(acceptedOn: listener)
        #expect(try await connection.receiveSome().hasPrefix("GET / HTTP/1.1"))
        try connection.send("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")
        let answer = try await task.value
        #expect(answer.status == 200)
        connection.hangUp()
        await #expect(throws: UnixHTTPClientError.connectionLost(path: path)) {
            _ = try await answer.collect(upTo: 100)
        }
    }

    @Test("a cancelled request ends at once and closes its connection, sent or not")
    func cancellation() async throws {
        let directory = try ServerFixture.makeDirectory()
        let path = directory + "/s.sock"
        defer {
            unlink(path)
            rmdir(directory)
        }
        let listener = SharedDescriptor(try UnixSocket.listen(at: path, kind: .stream, mode: 0o600))
        let task = Task { _ = try await UnixHTTPClient(socketPath: path).request(.get, "/") }
        let connection = try await RawConnection(acceptedOn: listener)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        let sent = try await connection.readToEnd()
        #expect(sent.isEmpty || sent.hasPrefix("GET / HTTP/1.1"))
    }
}
