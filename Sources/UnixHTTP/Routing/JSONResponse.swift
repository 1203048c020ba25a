// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
package import HTTPTypes
package import HummingbirdCore
package import NIOCore

/// Values as JSON answers, and JSON bodies as values: for gateway and node alike.
package enum JSONResponse {
    /// Value of Content-Type.
    package static let contentType = "application/json; charset=utf-8"

    /// An answer with `value` as its body, its keys in order.
    package static func make(_ value: some Encodable, headers: HTTPFields = [:]) throws -> Response {
        make(json: Array(try encode(value)), headers: headers)
    }

    /// An answer whose body is JSON already.
    package static func make(json: [UInt8], headers: HTTPFields = [:]) -> Response {
        var headers = headers
        headers[.contentType] = contentType
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: json)))
    }

    /// An answer of newline-delimited JSON, which `write` writes line by line.
    package static func lines(
        _ write: @escaping @Sendable (inout any ResponseBodyWriter) async throws -> Void
    ) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/x-ndjson"],
            body: ResponseBody { writer in
                try await write(&writer)
                try await writer.finish(nil)
            })
    }

    /// One line of newline-delimited JSON.
    package static func line(_ value: some Encodable) throws -> ByteBuffer {
        var buffer = ByteBuffer(bytes: try encode(value))
        buffer.writeInteger(UInt8(ascii: "\n"))
        return buffer
    }

    /// A request's body as a value. Fails with `HTTPRefusal` or `DecodingError`.
    package static func read<Value: Decodable>(
        _ type: Value.Type, _ request: Request, upTo limit: Int
    ) async throws -> Value {
        try JSONDecoder().decode(type, from: Data(try await BoundedBody.collect(request, upTo: limit)))
    }

    private static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }
}
