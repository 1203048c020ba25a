// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
package import HummingbirdCore
internal import NIOCore

/// Bodies of requests, read whole into memory within a limit.
package enum BoundedBody {
    /// Reads the body of `request`, at most `limit` bytes. Fails with a `HTTPRefusal`.
    package static func collect(_ request: Request, upTo limit: Int) async throws -> [UInt8] {
        if let encoding = request.headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw HTTPRefusal.encodingNotSupported(encoding)
        }
        // What is announced as too large is answered before it is read.
        let length = request.headers[.contentLength].flatMap { Int($0) } ?? 0
        guard length <= limit else { throw HTTPRefusal.bodyTooLarge(limit: limit) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(length, longBytes))
        for try await part in request.body {
            guard bytes.count + part.readableBytes <= limit else { throw HTTPRefusal.bodyTooLarge(limit: limit) }
            bytes += part.readableBytesView
        }
        return bytes
    }

    /// Bytes from which on a body is understood away from the threads that serve others.
    private static let longBytes = 64 << 10

    /// What `reading` makes of the body of `request`, at most `limit` bytes; a long one holds up nobody else meanwhile.
    /// Fails as `collect` does, and as `reading` does.
    package static func read<Value: Sendable>(
        _ request: Request, upTo limit: Int, _ reading: @Sendable ([UInt8]) throws -> Value
    ) async throws -> Value {
        let body = try await collect(request, upTo: limit)
        guard body.count >= longBytes else { return try reading(body) }
        return try await EventLoopTasks.offLoop { try reading(body) }
    }
}
