// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import OpenAIAPI
internal import UnixHTTP

/// A request whose body was not read to its end: its connection carries no further request.
struct UnreadBody: Error {
    let error: APIError
}

/// Bodies of requests, read whole into memory within a limit.
enum BoundedBody {
    /// Reads the body of `request`. Fails with `APIError` or `UnreadBody`.
    static func collect(
        _ request: Request, upTo limit: Int = GenerationRequest.Limits.bodyBytes
    ) async throws -> [UInt8] {
        if let encoding = request.headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw UnreadBody(
                error: APIError(
                    .unsupportedEncoding,
                    "a body with 'Content-Encoding: \(encoding.prefix(64))' is not understood: send it as it is"))
        }
        let tooLarge = APIError(.requestTooLarge, "the request's body is larger than \(limit) bytes: send less")
        // What is announced as too large is answered before it is read.
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
            throw UnreadBody(error: tooLarge)
        }
        var bytes: [UInt8] = []
        do {
            for try await part in request.body {
                guard bytes.count + part.readableBytes <= limit else { throw UnreadBody(error: tooLarge) }
                bytes += part.readableBytesView
            }
        } catch HTTPRefusal.malformedRequest {
            throw UnreadBody(
                error: APIError(
                    .invalidRequest, "the request's body broke off or is not well-formed HTTP: send it again"))
        }
        return bytes
    }

    /// Bytes from which on a body is understood away from the threads that serve others.
    private static let longBytes = 64 << 10

    /// What `reading` makes of the body of `request`; a long one holds up nobody else meanwhile. Fails as `collect` does, and
    /// as `reading` does.
    static func read<Value: Sendable>(
        _ request: Request, _ reading: @Sendable ([UInt8]) throws -> Value
    ) async throws -> Value {
        let body = try await collect(request)
        guard body.count >= longBytes else { return try reading(body) }
        return try await EventLoopTasks.offLoop { try reading(body) }
    }
}
