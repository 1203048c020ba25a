// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import NIOHTTP1

/// One connection of a server: its requests one after the other, each given to a task and answered in the form that
/// HTTP wants for its method and version. Belongs to the connection's event loop.
///
/// 1. A header that is no request, or one with two readings, is refused, and the connection ends.
/// 2. The next request is not read before the last one is answered; what came of it already waits.
/// 3. An answer before the end of its request: a bounded rest is read and thrown away.
/// 4. A client that has shut down its sending side gets its answers all the same. One that is gone is noticed by the
///    kernel's word, and the channel closes.
/// 5. The last answer is followed by the end of the sending side; the connection closes when the client has closed
///    too, or a moment later. (A close with bytes unread would break the client's sending before it has read.)
final class ServerConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = Never
    typealias OutboundOut = HTTPServerResponsePart

    /// What a connection is told when it begins.
    struct Settings: Sendable {
        let targetBytes: Int
        /// How long a header may take, a body pause, a connection be without a request.
        let idle: TimeAmount
        /// How much of a request is read and thrown away after its answer.
        let drainBytes: Int
        /// How long the client may take to close after the last answer.
        let linger: TimeAmount
        /// Every request is refused so.
        let refusesAll: HTTPRefusal?
        let errors: any ErrorForm
    }

    enum State {
        case awaitingRequest
        case exchange(RunningExchange)
        /// The last answer is written; what still comes is thrown away.
        case closing
    }

    let settings: Settings
    var state = State.awaitingRequest
    private(set) var context: ChannelHandlerContext?
    private let exchanges: AsyncStream<ServerExchange>.Continuation
    /// Parts of requests behind one that is not answered yet.
    private var early = CircularBuffer<HTTPServerRequestPart>()
    /// What is wrong with the request behind those.
    private var earlyRefusal: HTTPRefusal?
    private var isHeadBegun = false
    private var isRequestLineComplete = false
    private(set) var isInputClosed = false
    private(set) var isQuiescing = false
    private var holdsReads = false
    private var hasHeldRead = false
    private var discardedBytes = 0
    /// Since when the client is waited for; nil where it is the server's turn.
    var waitingSince: NIODeadline?
    private var alarm: Scheduled<Void>?

    /// For the task that answers.
    let accepted: AcceptedConnection

    init(
        _ settings: Settings, exchanges: AsyncStream<ServerExchange>.Continuation, accepted: AcceptedConnection
    ) {
        self.settings = settings
        self.accepted = accepted
        self.exchanges = exchanges
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        waitingSince = .now()
        setAlarm(in: settings.idle)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    private func end() {
        alarm?.cancel()
        if case .exchange(let exchange) = state {
            exchange.body.finish(ChannelError.ioOnClosedChannel)
            exchange.resumeWriter(throwing: ChannelError.ioOnClosedChannel)
        }
        state = .closing
        exchanges.finish()
    }

    // MARK: What comes

    /// Bytes before they are parsed: tells a header that is slow from one that has not begun, and what was too long.
    func received(_ bytes: ByteBuffer) {
        switch state {
        case .awaitingRequest:
            if !isHeadBegun, bytes.readableBytesView.contains(where: { $0 != 0x0D && $0 != 0x0A }) {
                isHeadBegun = true
                waitingSince = .now()
            }
            // Line breaks before a request are none of it; they come alone if at all.
            if isHeadBegun, !isRequestLineComplete { isRequestLineComplete = bytes.readableBytesView.contains(0x0A) }
        case .closing:
            discardedBytes += bytes.readableBytes
            if discardedBytes > settings.drainBytes { context?.close(promise: nil) }
        case .exchange: break
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if awaitsAnswer { early.append(part) } else { receive(part) }
    }

    /// The request is there whole, its answer is not.
    private var awaitsAnswer: Bool {
        if case .exchange(let exchange) = state { exchange.isRequestComplete } else { false }
    }

    private func receive(_ part: HTTPServerRequestPart) {
        switch (state, part) {
        case (.awaitingRequest, .head(let head)): begin(head)
        case (.exchange(let exchange), .body(let buffer)): receive(buffer, of: exchange)
        case (.exchange(let exchange), .end): receiveEnd(of: exchange)
        default: break
        }
    }

    private func begin(_ head: HTTPRequestHead) {
        guard let context else { return }
        isHeadBegun = false
        isRequestLineComplete = false
        let framing = ResponseFraming(head)
        let identity = RequestIdentity(echoing: head.headers.first(name: RequestIdentity.field.rawName))
        if let refusal = settings.refusesAll ?? RequestHead.refusal(of: head, targetBytes: settings.targetBytes) {
            return refuse(refusal, framing, identity)
        }
        guard let request = RequestHead.request(head) else { return refuse(.malformedRequest, framing, identity) }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let made = ServerRequestBody.Producer.makeSequence(
            backPressureStrategy: .init(lowWatermark: 2, highWatermark: 8), finishOnDeinit: true,
            delegate: ServerRequestBody.Pace(connection: bound, eventLoop: context.eventLoop))
        let exchange = RunningExchange(
            framing: framing, body: made.source, awaitsContinue: RequestHead.expectsContinue(head))
        state = .exchange(exchange)
        waitingSince = .now()
        let output = ExchangeOutput(self, exchange, context.eventLoop)
        let asksForBody: @Sendable () -> Void = { output.askForBody() }
        let body = ServerRequestBody(
            producer: made.sequence, whenWanted: exchange.awaitsContinue ? asksForBody : nil)
        exchanges.yield(
            ServerExchange(
                request: Request(head: request, body: RequestBody(asyncSequence: body)), identity: identity,
                output: output))
    }

    private func receive(_ buffer: ByteBuffer, of exchange: RunningExchange) {
        waitingSince = .now()
        exchange.awaitsContinue = false
        guard !exchange.isAnswered else {
            exchange.discardedBytes += buffer.readableBytes
            if exchange.discardedBytes > settings.drainBytes { close() }
            return
        }
        switch exchange.body.yield(buffer) {
        case .produceMore: break
        // Until the reader has room, or, where there is none, until the answer is there.
        case .stopProducing, .dropped: holdsReads = true
        }
    }

    private func receiveEnd(of exchange: RunningExchange) {
        exchange.isRequestComplete = true
        exchange.awaitsContinue = false
        exchange.body.finish()
        waitingSince = nil
        if exchange.isAnswered { turn(exchange) } else { holdsReads = true }
    }

    /// The reader of a body has taken what there was.
    func bodyReaderHasRoom() {
        guard case .exchange(let exchange) = state, !exchange.isRequestComplete else { return }
        // The client was kept waiting, not the other way round.
        if holdsReads { waitingSince = .now() }
        releaseReads()
    }

    func read(context: ChannelHandlerContext) {
        if holdsReads { hasHeldRead = true } else { context.read() }
    }

    private func releaseReads() {
        holdsReads = false
        guard hasHeldRead else { return }
        hasHeldRead = false
        context?.read()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return context.close(promise: nil) }
        fail(RequestHead.refusal(of: error, isRequestLineComplete: isRequestLineComplete))
    }

    /// No request can be read any more.
    private func fail(_ refusal: HTTPRefusal) {
        switch state {
        case .awaitingRequest: refuse(refusal, ResponseFraming(), RequestIdentity())
        case .exchange(let exchange) where exchange.isRequestComplete: earlyRefusal = refusal
        case .exchange(let exchange):
            exchange.isRequestBroken = true
            exchange.body.finish(refusal)
            waitingSince = nil
            if exchange.isAnswered { close() }
        case .closing: break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            isInputClosed = true
            switch state {
            case .awaitingRequest, .closing: context.close(promise: nil)
            case .exchange(let exchange): if !exchange.isRequestComplete { fail(.malformedRequest) }
            }
        case is ChannelShouldQuiesceEvent:
            isQuiescing = true
            if case .awaitingRequest = state { context.close(promise: nil) }
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable, case .exchange(let exchange) = state { exchange.resumeWriter() }
        context.fireChannelWritabilityChanged()
    }

    // MARK: From one request to the next

    /// The answer is written whole: the rest of its request, the next request, or the end.
    func answered(_ exchange: RunningExchange) {
        guard case .complete(let keepsAlive) = exchange.answer else { return }
        guard keepsAlive, !exchange.isRequestBroken else { return close() }
        if exchange.isRequestComplete { return turn(exchange) }
        waitingSince = .now()
        releaseReads()
    }

    private func turn(_ exchange: RunningExchange) {
        guard !isQuiescing else { return close() }
        state = .awaitingRequest
        waitingSince = .now()
        while !awaitsAnswer, let part = early.popFirst() { receive(part) }
        guard !awaitsAnswer else { return }
        if let refusal = earlyRefusal.take() { fail(refusal) }
        if isInputClosed, case .awaitingRequest = state { return close() }
        releaseReads()
    }

    /// Ends the connection behind what is written.
    func close() {
        if case .closing = state { return }
        if case .exchange(let exchange) = state { exchange.body.finish(ChannelError.ioOnClosedChannel) }
        state = .closing
        early.removeAll()
        exchanges.finish()
        context?.close(mode: .output, promise: nil)
        waitingSince = .now()
        setAlarm(in: settings.linger)
        releaseReads()
    }

    private func refuse(_ refusal: HTTPRefusal, _ framing: ResponseFraming, _ identity: RequestIdentity) {
        guard let context else { return }
        let answer = settings.errors.answer(to: refusal)
        var head = answer.response.head
        identity.sign(&head)
        let framed = framing.frame(head, closes: true)
        context.write(wrapOutboundOut(.head(framed.head)), promise: nil)
        if framed.sendsBody {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: answer.body)))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        close()
    }

    // MARK: Time

    private func setAlarm(in delay: TimeAmount) {
        guard let context else { return }
        alarm?.cancel()
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        alarm = context.eventLoop.scheduleTask(in: delay) { bound.value.alarmRings() }
    }

    private func alarmRings() {
        if case .closing = state { return context?.close(promise: nil) ?? () }
        guard let since = waitingSince, !holdsReads else { return setAlarm(in: settings.idle) }
        let due = since + settings.idle
        guard due <= .now() else { return setAlarm(in: due - .now()) }
        switch state {
        case .awaitingRequest where isHeadBegun: fail(.requestTimedOut)
        case .awaitingRequest: context?.close(promise: nil)
        case .exchange:
            setAlarm(in: settings.idle)
            fail(.requestTimedOut)
        case .closing: break
        }
    }
}
