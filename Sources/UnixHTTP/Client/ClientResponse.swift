// SPDX-License-Identifier: Apache-2.0
package import NIOCore
internal import NIOHTTP1

/// The header of an answer, and its body as it arrives.
package struct ClientResponse: Sendable {
    /// HTTP status code.
    package let status: Int
    /// Can be read once. Giving it up before its end closes the connection, which tells the server to stop.
    package let body: ClientResponseBody
    private let headers: HTTPHeaders

    init(head: HTTPResponseHead, body: ClientResponseBody) {
        status = Int(head.status.code)
        headers = head.headers
        self.body = body
    }

    /// The first field of that name, whatever its case.
    package func header(_ name: String) -> String? {
        headers.first(name: name)
    }

    /// The whole body; `UnixHTTPClientError.tooLarge` above `limit` bytes.
    package func collect(upTo limit: Int) async throws -> ByteBuffer {
        var whole = ByteBuffer()
        for try await part in body {
            guard whole.readableBytes + part.readableBytes <= limit else {
                throw UnixHTTPClientError.tooLarge(limit: limit)
            }
            whole.writeImmutableBuffer(part)
        }
        return whole
    }

    /// The body's lines without their newlines, each at most `limit` bytes; empty lines are left out.
    package func lines(upTo limit: Int) -> ResponseLines {
        ResponseLines(body: body, limit: limit)
    }
}

/// The parts of an answer's body, held back to the pace of the one who reads them.
package struct ClientResponseBody: AsyncSequence, Sendable {
    /// A part, as the connection gave it.
    package typealias Element = ByteBuffer
    typealias Producer = NIOThrowingAsyncSequenceProducer<
        ByteBuffer, any Error, NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark, ResponseBodyDelegate
    >

    let producer: Producer

    /// Gives the parts out, one after the other.
    package struct AsyncIterator: AsyncIteratorProtocol {
        var parts: Producer.AsyncIterator

        /// The next part; nil behind the last. Fails with `UnixHTTPClientError` where the answer broke off.
        package mutating func next() async throws -> ByteBuffer? {
            try await parts.next()
        }
    }

    /// Must be called once only.
    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(parts: producer.makeAsyncIterator())
    }
}

/// A body cut at its newlines: newline-delimited JSON and server-sent events.
package struct ResponseLines: AsyncSequence, Sendable {
    /// A line without its newline.
    package typealias Element = ByteBuffer
    let body: ClientResponseBody
    let limit: Int

    /// Gives the lines out, one after the other.
    package struct AsyncIterator: AsyncIteratorProtocol {
        var parts: ClientResponseBody.AsyncIterator
        var pending = ByteBuffer()
        let limit: Int

        /// The next line; what stands after the last newline comes as a line too.
        package mutating func next() async throws -> ByteBuffer? {
            while true {
                if let line = takeLine() {
                    if line.readableBytes > 0 { return line }
                    continue
                }
                guard pending.readableBytes <= limit else { throw UnixHTTPClientError.tooLarge(limit: limit) }
                guard var part = try await parts.next() else {
                    let rest = pending.readSlice(length: pending.readableBytes)
                    return rest.flatMap { $0.readableBytes > 0 ? $0 : nil }
                }
                if pending.readableBytes == 0 { pending = part } else { pending.writeBuffer(&part) }
            }
        }

        private mutating func takeLine() -> ByteBuffer? {
            let view = pending.readableBytesView
            guard let newline = view.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            let line = pending.readSlice(length: newline - view.startIndex)
            pending.moveReaderIndex(forwardBy: 1)
            return line
        }
    }

    /// Must be called once only.
    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(parts: body.makeAsyncIterator(), limit: limit)
    }
}
