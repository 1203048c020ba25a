// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import HummingbirdCore
import NIOCore
import ServingModel
import UnixHTTP

/// What a test's route may answer with.
protocol TestReply: Sendable {
    var response: Response { get }
}

extension Response: TestReply {
    var response: Response { self }
}

extension String: TestReply {
    var response: Response { Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: self))) }
}

/// The routes of one test, open to every role.
struct TestRoutes: Sendable {
    private(set) var all: [HTTPRoute] = []

    mutating func get<Reply: TestReply>(
        _ path: String, _ handler: @escaping @Sendable (Request, HTTPExchange) async throws -> Reply
    ) {
        add(.get, path, handler)
    }

    mutating func post<Reply: TestReply>(
        _ path: String, _ handler: @escaping @Sendable (Request, HTTPExchange) async throws -> Reply
    ) {
        add(.post, path, handler)
    }

    private mutating func add<Reply: TestReply>(
        _ method: HTTPRequest.Method, _ path: String,
        _ handler: @escaping @Sendable (Request, HTTPExchange) async throws -> Reply
    ) {
        all.append(HTTPRoute(method, path, access: .client) { try await handler($0.request, $0).response })
    }
}

extension TestRoutes {
    /// Answers in one piece and in parts, routes that read their body and one that does not.
    static var ofEveryKind: TestRoutes {
        var router = TestRoutes()
        router.get("/ok") { _, _ in "fine" }
        router.get("/stream") { _, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    try await writer.write(ByteBuffer(string: "one "))
                    try await writer.write(ByteBuffer(string: "two"))
                    try await writer.finish(nil)
                })
        }
        router.post("/count") { request, _ -> String in
            var count = 0
            for try await part in request.body { count += part.readableBytes }
            return "\(count)"
        }
        router.post("/early") { _, _ in Response(status: .conflict) }
        router.get("/id") { _, context in context.identity.id.description }
        return router
    }
}

/// Errors by the names of their cases.
struct TestErrorForm: ErrorForm {
    func answer(to error: any Error) -> ErrorAnswer {
        let refusal = error as? HTTPRefusal ?? .internalError
        let name = "\(refusal)".prefix { $0 != "(" }
        return ErrorAnswer(
            status: refusal.status, body: Array(#"{"refused":"\#(name)"}"#.utf8), headerFields: refusal.headerFields)
    }
}
