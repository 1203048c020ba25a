// SPDX-License-Identifier: Apache-2.0
internal import NIOCore

/// One request and its answer, as an identity: a cancellation or time-out that comes late must not hit the exchange
/// that uses the connection next.
final class ClientExchange: Sendable {
    let promise: EventLoopPromise<ClientResponse>
    /// Set where it was given up before it began.
    let isGivenUp: NIOLoopBoundBox<Bool>

    init(_ eventLoop: any EventLoop) {
        promise = eventLoop.makePromise()
        isGivenUp = NIOLoopBoundBox.makeBoxSendingValue(false, eventLoop: eventLoop)
    }
}
