// SPDX-License-Identifier: Apache-2.0
package import HTTPTypes
package import HummingbirdCore
internal import NIOCore
package import ServingModel

/// One row of a server's table: a method and a path, who may use them, and what they do.
package struct HTTPRoute: Sendable {
    /// Does the work. What it throws is answered in the form of the table's API.
    package typealias Handler = @Sendable (HTTPExchange) async throws -> Response

    /// `HEAD` is never written down: what answers `GET` answers it.
    package let method: HTTPRequest.Method
    /// Parts between slashes, as they are; one of them may be `:name`, which stands for any part, or the last one `**`,
    /// which stands for all that follows, slashes included, and at least one byte.
    package let pattern: String
    package let access: RouteAccess
    package let handler: Handler

    package init(
        _ method: HTTPRequest.Method, _ pattern: String, access: RouteAccess, handler: @escaping Handler
    ) {
        self.method = method
        self.pattern = pattern
        self.access = access
        self.handler = handler
    }
}

/// A request on its way through a route.
package struct HTTPExchange: Sendable {
    package let request: Request
    /// Who asks, by the kernel's word.
    package let principal: Principal
    /// By which the request is found again.
    package let identity: RequestIdentity
    /// Where it came in.
    package let socket: SocketKind
    /// What stands in the path for the pattern's `:name` or `**`, percent-decoded; empty where it has none.
    package let pathParameter: String

    /// A parameter of the query, percent-decoded; nil where absent.
    package func query(_ name: String) -> String? {
        request.uri.queryParameters[name[...]].map(String.init)
    }
}

/// What an API makes of errors: the one place where they become an answer.
package protocol ErrorForm: Sendable {
    /// The answer to `error`, which a route threw or which is a `HTTPRefusal`. Must not fail.
    func answer(to error: any Error) -> ErrorAnswer
}

/// An error as it leaves.
package struct ErrorAnswer: Sendable {
    package var status: Int
    /// JSON.
    package var body: [UInt8]
    /// Fields beside those of the body's type and length.
    package var headerFields: HTTPFields
    /// Nobody expected it: the log gets what the answer does not tell.
    package var isDefect: Bool

    package init(status: Int, body: [UInt8], headerFields: HTTPFields = [:], isDefect: Bool = false) {
        self.status = status
        self.body = body
        self.headerFields = headerFields
        self.isDefect = isDefect
    }

    /// The answer as a response.
    var response: Response {
        var headers = headerFields
        headers[.contentType] = JSONResponse.contentType
        return Response(
            status: HTTPResponse.Status(code: status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
}
