// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import NIOHTTP1

/// A request on its way to the task that answers it.
struct ServerExchange: Sendable {
    let request: Request
    let identity: RequestIdentity
    let output: ExchangeOutput
}

/// Where the answer to one request goes. Used by one task at a time, from any thread; on the connection's own, nothing
/// changes threads.
struct ExchangeOutput: Sendable {
    /// What the connection's event loop alone may touch.
    private struct Bound {
        let connection: ServerConnectionHandler
        let exchange: RunningExchange
    }

    /// An answer of known length up to this many bytes leaves in one piece.
    fileprivate static let wholeBytes = 64 << 10

    private let bound: NIOLoopBound<Bound>
    private let eventLoop: any EventLoop

    /// Must be made on the connection's event loop.
    init(_ connection: ServerConnectionHandler, _ exchange: RunningExchange, _ eventLoop: any EventLoop) {
        bound = NIOLoopBound(Bound(connection: connection, exchange: exchange), eventLoop: eventLoop)
        self.eventLoop = eventLoop
    }

    /// Sends an answer whole. Fails where the connection is closed or the task cancelled; it must then be given up.
    func send(_ response: consuming Response, _ identity: RequestIdentity) async throws {
        var head = response.head
        identity.sign(&head)
        // A body of unknown length may come slowly: its header must not wait for it.
        let isFlushed = response.body.contentLength.map { $0 > Self.wholeBytes } ?? true
        let sendsBody = try await onLoop { [head] in try $0.begin(head, of: $1, flushes: isFlushed) }
        guard sendsBody else { return try await finish() }
        try await response.body.write(ServerBodyWriter(output: self))
    }

    /// Ends the connection where the answer did not become whole.
    func giveUp() {
        eventLoop.execute { [bound] in bound.value.connection.giveUp(bound.value.exchange) }
    }

    /// Has the client send the body that it holds back.
    func askForBody() {
        eventLoop.execute { [bound] in bound.value.connection.askForBody(of: bound.value.exchange) }
    }

    fileprivate func write(_ buffer: ByteBuffer) async throws {
        try Task.checkCancellation()
        let isTaken = try await onLoop { try $0.write(buffer, of: $1) }
        if !isTaken { try await untilTaken() }
    }

    fileprivate func finish() async throws {
        try await onLoop { try $0.finish($1) }
    }

    /// Returns when the client has taken most of what was written.
    private func untilTaken() async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                eventLoop.execute { [bound] in bound.value.connection.wait(continuation, for: bound.value.exchange) }
            }
        } onCancel: {
            eventLoop.execute { [bound] in
                bound.value.exchange.isWriterCancelled = true
                bound.value.exchange.resumeWriter(throwing: CancellationError())
            }
        }
    }

    private func onLoop<Result: Sendable>(
        _ body: @escaping @Sendable (ServerConnectionHandler, RunningExchange) throws -> Result
    ) async throws -> Result {
        if eventLoop.inEventLoop { return try body(bound.value.connection, bound.value.exchange) }
        return try await eventLoop.submit { [bound] in try body(bound.value.connection, bound.value.exchange) }.get()
    }
}

/// Writes the body of an answer, at the client's pace.
private struct ServerBodyWriter: ResponseBodyWriter {
    let output: ExchangeOutput

    func write(_ buffer: ByteBuffer) async throws {
        try await output.write(buffer)
    }

    /// Trailing fields are nobody's wish here.
    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        try await output.finish()
    }
}

/// What the task of an exchange does to its connection.
extension ServerConnectionHandler {
    /// Writes the header of an answer; tells whether its body is to be written.
    fileprivate func begin(
        _ head: HTTPResponse, of exchange: RunningExchange, flushes: Bool
    ) throws -> Bool {
        guard let context, isCurrent(exchange), case .none = exchange.answer else {
            throw ChannelError.ioOnClosedChannel
        }
        let closes = isQuiescing || exchange.isRequestBroken || exchange.awaitsContinue
        let framed = exchange.framing.frame(head, closes: closes)
        exchange.answer = .begun(framed, sent: 0)
        let part = wrapOutboundOut(.head(framed.head))
        if flushes { context.writeAndFlush(part, promise: nil) } else { context.write(part, promise: nil) }
        return framed.sendsBody
    }

    /// Writes a part of a body; false where the client takes less than comes.
    fileprivate func write(_ buffer: ByteBuffer, of exchange: RunningExchange) throws -> Bool {
        guard let context, isCurrent(exchange), case .begun(let framed, let sent) = exchange.answer else {
            throw ChannelError.ioOnClosedChannel
        }
        exchange.answer = .begun(framed, sent: sent + buffer.readableBytes)
        let part = wrapOutboundOut(.body(.byteBuffer(buffer)))
        if let length = framed.contentLength, length <= ExchangeOutput.wholeBytes {
            context.write(part, promise: nil)
        } else {
            context.writeAndFlush(part, promise: nil)
        }
        return context.channel.isWritable
    }

    /// Writes the end of an answer. One that is not as long as its header said ends the connection.
    fileprivate func finish(_ exchange: RunningExchange) throws {
        guard let context, isCurrent(exchange), case .begun(let framed, let sent) = exchange.answer else {
            throw ChannelError.ioOnClosedChannel
        }
        let isWhole = !framed.sendsBody || framed.contentLength.map { $0 == sent } ?? true
        exchange.answer = .complete(keepsAlive: framed.keepsAlive && isWhole)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        answered(exchange)
    }

    fileprivate func giveUp(_ exchange: RunningExchange) {
        guard isCurrent(exchange), !exchange.isAnswered else { return }
        context?.close(promise: nil)
    }

    fileprivate func askForBody(of exchange: RunningExchange) {
        guard let context, isCurrent(exchange), exchange.awaitsContinue, case .none = exchange.answer else { return }
        exchange.awaitsContinue = false
        context.writeAndFlush(
            wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
    }

    fileprivate func wait(_ continuation: CheckedContinuation<Void, any Error>, for exchange: RunningExchange) {
        guard let context, isCurrent(exchange) else {
            return continuation.resume(throwing: ChannelError.ioOnClosedChannel)
        }
        if exchange.isWriterCancelled { return continuation.resume(throwing: CancellationError()) }
        if context.channel.isWritable { return continuation.resume() }
        exchange.writerInWait = continuation
    }

    private func isCurrent(_ exchange: RunningExchange) -> Bool {
        if case .exchange(let current) = state { current === exchange } else { false }
    }
}
