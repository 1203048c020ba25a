// SPDX-License-Identifier: Apache-2.0
internal import NIOCore

/// The request that a connection is at, and how far its answer is. Belongs to the connection's event loop.
final class RunningExchange {
    /// How far the answer is.
    enum Answer {
        case none
        /// Its header is written; `sent` bytes of the body are, too.
        case begun(ResponseFraming.FramedHead, sent: Int)
        /// Nothing more is written; the connection may take another request or not.
        case complete(keepsAlive: Bool)
    }

    let framing: ResponseFraming
    /// Where the parts of the body go.
    let body: ServerRequestBody.Producer.Source
    var answer = Answer.none
    /// The whole request is there.
    var isRequestComplete = false
    /// The rest of the request will never come.
    var isRequestBroken = false
    /// The client waits for `100 Continue` before it sends the body.
    var awaitsContinue: Bool
    /// Bytes of the body that nobody read.
    var discardedBytes = 0
    /// The one task that waits until the client has taken what was written.
    var writerInWait: CheckedContinuation<Void, any Error>?
    /// The writing task was cancelled while it waited.
    var isWriterCancelled = false

    init(framing: ResponseFraming, body: ServerRequestBody.Producer.Source, awaitsContinue: Bool) {
        self.framing = framing
        self.body = body
        self.awaitsContinue = awaitsContinue
    }

    /// Nothing more is written for it.
    var isAnswered: Bool {
        if case .complete = answer { true } else { false }
    }

    /// Resumes the waiting writer, with an error where there is nobody to write to any more.
    func resumeWriter(throwing error: (any Error)? = nil) {
        guard let writer = writerInWait.take() else { return }
        if let error { writer.resume(throwing: error) } else { writer.resume() }
    }
}

/// The body of a request as it arrives, at the pace of the route that reads it. Its first reader makes the server ask
/// for it, where the client waits for that.
struct ServerRequestBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    typealias Producer = NIOThrowingAsyncSequenceProducer<
        ByteBuffer, any Error, NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark, Pace
    >

    let producer: Producer
    let whenWanted: (@Sendable () -> Void)?

    struct AsyncIterator: AsyncIteratorProtocol {
        var parts: Producer.AsyncIterator
        var whenWanted: (@Sendable () -> Void)?

        mutating func next() async throws -> ByteBuffer? {
            if let wanted = whenWanted.take() { wanted() }
            return try await parts.next()
        }
    }

    /// Must be called once only.
    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(parts: producer.makeAsyncIterator(), whenWanted: whenWanted)
    }

    /// Tells the connection that the reader has room again.
    struct Pace: NIOAsyncSequenceProducerDelegate {
        let connection: NIOLoopBound<ServerConnectionHandler>
        let eventLoop: any EventLoop

        func produceMore() {
            eventLoop.execute { [connection] in connection.value.bodyReaderHasRoom() }
        }

        /// Nothing to do: what nobody reads is thrown away when the request is answered.
        func didTerminate() {}
    }
}
