// SPDX-License-Identifier: Apache-2.0
internal import NIOCore
internal import NIOHTTP1

/// The end of a client connection's pipeline: one request after the other, each answered into a promise and a body.
///
/// Everything here runs on the connection's event loop.
final class ClientExchangeHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    private typealias Source = ClientResponseBody.Producer.Source

    private enum State {
        case idle
        case awaitingHead
        case readingBody(Source, keepsAlive: Bool)
    }

    private let path: String
    private var state = State.idle
    private var context: ChannelHandlerContext?
    /// The exchange that is going on, or the last one.
    private var exchange: ClientExchange?
    private var isRequestSent = true
    private var holdsReads = false
    private var hasHeldRead = false
    /// Called when an exchange is over and the connection can take another one.
    private let whenReusable: (ClientExchangeHandler) -> Void

    init(path: String, whenReusable: @escaping (ClientExchangeHandler) -> Void) {
        self.path = path
        self.whenReusable = whenReusable
    }

    /// Begins an exchange; its promise gets the answer's header. The caller writes the request's parts, unless this
    /// is refused.
    func begin(_ exchange: ClientExchange) -> Bool {
        guard !exchange.isGivenUp.value else {
            exchange.promise.fail(CancellationError())
            // Nobody else has this connection now.
            context?.close(promise: nil)
            return false
        }
        guard case .idle = state, context != nil else {
            exchange.promise.fail(UnixHTTPClientError.connectionLost(path: path))
            return false
        }
        self.exchange = exchange
        state = .awaitingHead
        isRequestSent = false
        return true
    }

    /// Ends the exchange, and the connection with it, for a reason on the caller's side. Nothing happens where it is
    /// over already.
    func fail(_ exchange: ClientExchange, _ error: any Error) {
        exchange.isGivenUp.value = true
        guard self.exchange === exchange else { return }
        if case .idle = state { return }
        finishExchange(with: error)
        context?.close(promise: nil)
    }

    /// The reader's buffer has room again.
    func readerWantsMore() {
        holdsReads = false
        guard hasHeldRead else { return }
        hasHeldRead = false
        context?.read()
    }

    /// The reader reached the end, or gave the body up: then the connection must go, so that the server notices.
    func readerIsGone() {
        guard case .readingBody = state else { return }
        state = .idle
        context?.close(promise: nil)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        finishExchange(with: UnixHTTPClientError.connectionLost(path: path))
    }

    func channelInactive(context: ChannelHandlerContext) {
        finishExchange(with: UnixHTTPClientError.connectionLost(path: path))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An end in the middle of a message is the parser's error too; to the caller it is a lost connection.
        if let error = error as? HTTPParserError, error != .invalidEOFState {
            finishExchange(with: UnixHTTPClientError.malformed(path: path, reason: "\(error)"))
        } else {
            finishExchange(with: UnixHTTPClientError.connectionLost(path: path))
        }
        context.close(promise: nil)
    }

    func read(context: ChannelHandlerContext) {
        if holdsReads { hasHeldRead = true } else { context.read() }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            isRequestSent = true
        }
        context.write(data, promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): receive(head, context)
        case .body(let buffer): receive(buffer)
        case .end: receiveEnd(context)
        }
    }

    private func receive(_ head: HTTPResponseHead, _ context: ChannelHandlerContext) {
        // 100 Continue and its kind are not the answer.
        guard head.status.code >= 200 else { return }
        guard case .awaitingHead = state, let exchange else { return context.close(promise: nil) }
        let made = ClientResponseBody.Producer.makeSequence(
            backPressureStrategy: .init(lowWatermark: 4, highWatermark: 16), finishOnDeinit: true,
            delegate: ResponseBodyDelegate(self, context.eventLoop))
        state = .readingBody(made.source, keepsAlive: head.isKeepAlive)
        exchange.promise.succeed(ClientResponse(head: head, body: ClientResponseBody(producer: made.sequence)))
    }

    private func receive(_ buffer: ByteBuffer) {
        guard case .readingBody(let source, _) = state else { return }
        switch source.yield(buffer) {
        case .produceMore: break
        case .stopProducing: holdsReads = true
        case .dropped: readerIsGone()
        }
    }

    private func receiveEnd(_ context: ChannelHandlerContext) {
        guard case .readingBody(let source, let keepsAlive) = state else { return }
        state = .idle
        source.finish()
        readerWantsMore()
        // An answer that came before the request was sent whole leaves the rest of the request in the way.
        if keepsAlive && isRequestSent { whenReusable(self) } else { context.close(promise: nil) }
    }

    private func finishExchange(with error: any Error) {
        let ended = state
        state = .idle
        switch ended {
        case .idle: break
        case .awaitingHead: exchange?.promise.fail(error)
        case .readingBody(let source, _): source.finish(error)
        }
    }
}
