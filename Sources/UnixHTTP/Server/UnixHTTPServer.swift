// SPDX-License-Identifier: Apache-2.0
package import Hummingbird
internal import HummingbirdCore
internal import LinuxKernel
package import Logging
internal import NIOCore
internal import NIOHTTPTypes
internal import NIOPosix
internal import ServiceLifecycle
internal import ServingModel

/// HTTP/1.1 on listening Unix sockets, each request with the identity of its peer.
///
/// - The peer is read once per connection, before its first byte; the `Host` header means nothing here.
/// - The task that runs a handler and writes its response is cancelled as soon as the connection is closed, also while
///   it waits for something and writes nothing. A peer that shuts down only its sending side counts as gone.
/// - `run()` returns after a graceful shutdown (no new connections, running answers end within
///   `UnixHTTPLimits.drainSeconds`) or when its task is cancelled (connections are closed at once).
package struct UnixHTTPServer<Responder: HTTPResponder>: Service
where Responder.Context: InitializableFromSource<PeerRequestContextSource> {
    private let listeners: [UnixHTTPListener]
    private let responder: Responder
    private let roles: RoleTable
    private let limits: UnixHTTPLimits
    private let logger: Logger

    /// A server of `responder` (normally a router's) on all of `listeners`; `limits` hold for each of them.
    package init(
        listeners: [UnixHTTPListener], responder: Responder, roles: RoleTable,
        limits: UnixHTTPLimits = UnixHTTPLimits(),
        logger: Logger
    ) {
        self.listeners = listeners
        self.responder = responder
        self.roles = roles
        self.limits = limits
        self.logger = logger
    }

    package func run() async throws {
        let open = OpenConnections()
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for listener in listeners {
                    group.addTask { try await serve(listener, open) }
                }
                try await group.waitForAll()
            }
        } onGracefulShutdown: {
            for listener in listeners { listener.removeFile() }
            open.drain()
            loop.scheduleTask(in: .seconds(Int64(limits.drainSeconds))) { open.closeAll() }
        }
    }

    private func serve(_ listener: UnixHTTPListener, _ open: OpenConnections) async throws {
        guard let descriptor = listener.take() else { return }
        let server = try await bootstrap().bind(descriptor.release()) { channel in
            open.add(accepted: channel)
            return channel.eventLoop.makeSucceededFuture(channel)
        }
        open.add(listening: server.channel)
        logger.info("listening", metadata: ["path": "\(listener.path)"])
        defer { listener.removeFile() }
        await withDiscardingTaskGroup { group in
            do {
                try await server.executeThenClose { channels in
                    for try await channel in channels {
                        group.addTask { await serve(channel, open) }
                    }
                }
            } catch {
                if !(error is CancellationError) {
                    logger.error(
                        "stopped accepting connections", metadata: ["path": "\(listener.path)", "error": "\(error)"])
                }
            }
        }
    }

    /// Connections read nothing until their own task has set them up. (Set up any earlier, one that is accepted while
    /// the server stops would be dropped with its asynchronous channel unused, which NIO answers with a trap.)
    private func bootstrap() -> ServerBootstrap {
        ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            // The bootstrap listens once more on the socket that it is given, with a backlog of its own.
            .serverChannelOption(ChannelOptions.backlog, value: UnixSocket.backlog)
            .serverChannelInitializer { [limits] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        AvailableConnectionsChannelHandler(maxConnections: limits.connections))
                }
            }
            .childChannelOption(ChannelOptions.autoRead, value: false)
    }

    /// One connection from its identity to its end; whatever still runs for it then is cancelled.
    private func serve(_ channel: any Channel, _ open: OpenConnections) async {
        do {
            let connection = try await channel.eventLoop.flatSubmit { setUp(channel, open) }.get()
            if open.isDraining { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
            await EventLoopTasks.on(channel.eventLoop) { await connection.run(logger) }
        } catch {
            logger.debug("a connection ended before its first request", metadata: ["error": "\(error)"])
            channel.close(promise: nil)
        }
    }

    /// Runs on the connection's event loop: who is it, then HTTP, then its first byte.
    private func setUp(_ channel: any Channel, _ open: OpenConnections) -> EventLoopFuture<AcceptedConnection> {
        channel.eventLoop.makeCompletedFuture {
            let peer = try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
                of: NIOBSDSocket.Handle.self
            ) { try PeerIdentity(of: $0) }
            guard let peer else { throw UnixHTTPServerError.noSocket }
            let principal = roles.principal(for: peer)
            let isStranger = principal.roles.isEmpty
            guard open.admit(channel, of: .user(peer.userID), limit: limits.connectionsPerUser),
                !isStranger || open.admit(channel, of: .strangers, limit: limits.connectionsOfStrangers)
            else { throw UnixHTTPServerError.tooManyConnections(user: peer.userID) }
            return principal
        }.flatMap { principal in
            let http = HTTP1Channel(
                responder: { request, writer, _ in try await respond(to: request, of: principal, writer) },
                configuration: httpConfiguration)
            return http.setup(channel: channel, logger: logger).map { value in
                channel.setOption(ChannelOptions.autoRead, value: true).whenFailure { _ in channel.close(promise: nil) }
                return AcceptedConnection(http: http, channel: value)
            }
        }
    }

    private var httpConfiguration: HTTP1Channel.Configuration {
        HTTP1Channel.Configuration(
            idleTimeout: .seconds(Int64(limits.idleSeconds)),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes, maxHeaderFieldCount: 100)
        )
    }

    private func respond(to request: Request, of principal: Principal, _ writer: consuming ResponseWriter) async throws
    {
        let context = Responder.Context(source: PeerRequestContextSource(principal: principal, logger: logger))
        var response: Response
        do {
            response = try await responder.respond(to: request, context: context)
        } catch  where error is CancellationError || Task.isCancelled {
            throw CancellationError()
        } catch {
            logger.error(
                "a route failed",
                metadata: ["path": "\(request.uri.path)", "method": "\(request.method)", "error": "\(error)"])
            response = Response(status: .internalServerError)
        }
        try await writer.write(response: response.head, body: response.body)
    }
}

/// Why a connection is closed unheard.
private enum UnixHTTPServerError: Error, CustomStringConvertible {
    /// A defect of the server's own set-up.
    case noSocket
    case tooManyConnections(user: UInt32)

    var description: String {
        switch self {
        case .noSocket: "the accepted channel is no socket"
        case .tooManyConnections(let user): "user \(user) has as many connections as one may have"
        }
    }
}

/// A connection whose peer is known, on its way from the accept loop to its own task.
private struct AcceptedConnection: Sendable {
    let http: HTTP1Channel
    let channel: HTTP1Channel.Value

    /// Serves requests until the connection is closed; whatever still runs for it then is cancelled.
    func run(_ logger: Logger) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await http.handle(value: channel, logger: logger) }
            group.addTask {
                await withTaskCancellationHandler {
                    try? await channel.channel.closeFuture.get()
                } onCancel: {
                    channel.channel.close(promise: nil)
                }
            }
            await group.next()
            group.cancelAll()
        }
    }
}
