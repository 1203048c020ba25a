// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// One connection of a client, free or busy with one exchange.
struct ClientConnection: Sendable {
    let channel: any Channel
    private let handler: NIOLoopBound<ClientExchangeHandler>

    /// Must be made on the channel's event loop.
    private init(channel: any Channel, handler: ClientExchangeHandler) {
        self.channel = channel
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
    }

    /// Connects to the socket at `path`. `whenReusable` is called with the connection after each exchange that leaves
    /// it fit for another one.
    static func connect(
        to path: String, whenReusable: @escaping @Sendable (ClientConnection) -> Void
    ) async throws(UnixHTTPClientError) -> ClientConnection {
        do {
            // NIO's own call knows paths of 103 bytes, the kernel 107, and whoever listens may have them.
            let socket = try UnixSocket.connect(to: path, kind: .stream, waits: false)
            return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .withConnectedSocket(socket.release()) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        try pipeline.addHTTPClientHandlers()
                        let handler = ClientExchangeHandler(path: path) { handler in
                            whenReusable(ClientConnection(channel: channel, handler: handler))
                        }
                        try pipeline.addHandler(handler)
                        return ClientConnection(channel: channel, handler: handler)
                    }
                }
        } catch {
            throw Self.explain(error, path)
        }
    }

    /// Sends a request; returns when the answer's header is there.
    func exchange(
        _ head: HTTPRequestHead, _ body: ClientRequestBody, timeout: Duration?, path: String
    ) async throws -> ClientResponse {
        let exchange = ClientExchange(channel.eventLoop)
        return try await withTaskCancellationHandler {
            channel.eventLoop.execute { begin(exchange, head, body, timeout: timeout, path: path) }
            return try await exchange.promise.futureResult.get()
        } onCancel: {
            channel.eventLoop.execute { handler.value.fail(exchange, CancellationError()) }
        }
    }

    private func begin(
        _ exchange: ClientExchange, _ head: HTTPRequestHead, _ body: ClientRequestBody, timeout: Duration?,
        path: String
    ) {
        guard handler.value.begin(exchange) else { return }
        if let timeout {
            let alarm = channel.eventLoop.scheduleTask(in: TimeAmount(timeout)) {
                handler.value.fail(exchange, UnixHTTPClientError.timedOut(path: path))
            }
            exchange.promise.futureResult.whenComplete { _ in alarm.cancel() }
        }
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        switch body {
        case .none: channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
        case .bytes(let buffer):
            channel.write(HTTPClientRequestPart.body(.byteBuffer(buffer)), promise: nil)
            channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
        case .stream(let parts, _):
            channel.flush()
            let sender = Task { await send(parts, of: exchange) }
            channel.closeFuture.whenComplete { _ in sender.cancel() }
        }
    }

    /// Sends a body at the server's pace; an error of the sequence becomes the exchange's.
    private func send(
        _ parts: any AsyncSequence<ByteBuffer, any Error> & Sendable, of exchange: ClientExchange
    ) async {
        do {
            for try await part in parts {
                try await channel.writeAndFlush(HTTPClientRequestPart.body(.byteBuffer(part))).get()
            }
            try await channel.writeAndFlush(HTTPClientRequestPart.end(nil)).get()
        } catch is ChannelError {
            // The server closed: the exchange ends with what it said before.
        } catch is IOError {
            // The same, seen from the kernel; what the server said before is still to be read.
        } catch {
            channel.eventLoop.execute { handler.value.fail(exchange, error) }
        }
    }

    private static func explain(_ error: any Error, _ path: String) -> UnixHTTPClientError {
        guard let system = error as? SystemCallError else { return .cannotConnect(path: path, reason: "\(error)") }
        switch system.code {
        case ENOENT, ENOTDIR: return .socketMissing(path: path)
        case ECONNREFUSED: return .notListening(path: path)
        case EACCES, EPERM: return .permissionDenied(path: path)
        case EAGAIN: return .busy(path: path)
        case ENAMETOOLONG: return .cannotConnect(path: path, reason: "a socket's path has at most 107 bytes")
        default: return .cannotConnect(path: path, reason: String(cString: strerror(system.code)))
        }
    }
}
