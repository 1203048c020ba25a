// SPDX-License-Identifier: Apache-2.0
internal import NIOCore

/// Carries a reader's pace, and its loss of interest, to the connection that feeds it.
final class ResponseBodyDelegate: NIOAsyncSequenceProducerDelegate, Sendable {
    private let eventLoop: any EventLoop
    private let handler: NIOLoopBound<ClientExchangeHandler>

    /// Must be made on the handler's event loop.
    init(_ handler: ClientExchangeHandler, _ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.handler = NIOLoopBound(handler, eventLoop: eventLoop)
    }

    func produceMore() {
        eventLoop.execute { [handler] in handler.value.readerWantsMore() }
    }

    func didTerminate() {
        eventLoop.execute { [handler] in handler.value.readerIsGone() }
    }
}
