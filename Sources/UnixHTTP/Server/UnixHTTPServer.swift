// SPDX-License-Identifier: Apache-2.0
internal import DaemonSettings
internal import Glibc
internal import HummingbirdCore
internal import LinuxKernel
package import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import ServiceLifecycle
internal import ServingModel

/// HTTP/1.1 on listening Unix sockets, each request with the identity of its peer.
///
/// - The peer is read once per connection, before its first byte; the `Host` header must be there and means nothing.
/// - The task that runs a handler and writes its response is cancelled as soon as the connection is closed, also while
///   it waits for something and writes nothing. A peer that shuts down only its sending side waits for its answer.
/// - `run()` returns after a graceful shutdown (no new connections, running answers end within
///   `UnixHTTPLimits.drainSeconds`) or when its task is cancelled (connections are closed at once).
package struct UnixHTTPServer: Service {
    private let listeners: [UnixHTTPListener]
    private let routes: RouteTable
    private let currentRoles: @Sendable () -> RoleTable
    private let currentLimits: @Sendable () -> UnixHTTPLimits
    private let logger: Logger

    /// A server of `routes` on all of `listeners`; `limits` hold for each of them. Roles and limits are asked for at
    /// each connection, so that settings that change while the server runs hold for the next one.
    package init(
        listeners: [UnixHTTPListener], routes: RouteTable,
        roles: @autoclosure @escaping @Sendable () -> RoleTable,
        limits: @autoclosure @escaping @Sendable () -> UnixHTTPLimits = UnixHTTPLimits(),
        logger: Logger
    ) {
        self.listeners = listeners
        self.routes = routes
        currentRoles = roles
        currentLimits = limits
        self.logger = logger
    }

    private var roles: RoleTable { currentRoles() }
    private var limits: UnixHTTPLimits { currentLimits() }

    /// Serves until it is told to stop; see the type.
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
            // Some may have been accepted and never served.
            open.closeAll()
        } onGracefulShutdown: {
            for listener in listeners { listener.removeFile() }
            open.drain()
            loop.scheduleTask(in: .seconds(Int64(limits.drainSeconds))) { open.closeAll() }
        }
    }

    private func serve(_ listener: UnixHTTPListener, _ open: OpenConnections) async throws {
        guard let descriptor = listener.take() else { return }
        let server = try await bootstrap(open).bind(descriptor.release()) { channel in
            channel.eventLoop.makeCompletedFuture { Self.accepted(channel) }
        }
        open.add(listening: server.channel)
        logger.info("listening", metadata: ["path": "\(listener.path)"])
        defer { listener.removeFile() }
        await withDiscardingTaskGroup { group in
            do {
                try await server.executeThenClose { connections in
                    for try await connection in connections {
                        guard let connection else { continue }
                        group.addTask { await serve(connection) }
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

    private func bootstrap(_ open: OpenConnections) -> ServerBootstrap {
        ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelInitializer { [limits] channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    // NIO has listened once more on the socket that it was given, with a backlog of its own: the last
                    // word counts.
                    try pipeline.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { socket in
                        _ = try systemCall("listen") { listen(socket, UnixSocket.backlog) }
                    }
                    try pipeline.addHandler(AvailableConnectionsChannelHandler(maxConnections: limits.connections))
                }
            }
            // Here and not later: what a client has sent already may be read as soon as the channel is registered.
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { begin(channel, open) }
            }
            // A client may end its sending side behind its last request and read on.
            .childChannelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
    }

    /// Must not fail: to NIO it would be the listening socket's failure. One that gets no handler is closed by its task.
    private func begin(_ channel: any Channel, _ open: OpenConnections) {
        guard open.add(accepted: channel) else { return }
        do {
            try setUp(channel, open)
        } catch {
            logger.debug("a connection ended before its first request", metadata: ["error": "\(error)"])
        }
    }

    /// What was set up for a connection; nil, and it is closed, where nothing was.
    private static func accepted(_ channel: any Channel) -> AcceptedConnection? {
        let handler = try? channel.pipeline.syncOperations.handler(type: ServerConnectionHandler.self)
        if handler == nil { channel.close(promise: nil) }
        return handler?.accepted
    }

    /// One connection to its end; whatever still runs for it then is cancelled.
    private func serve(_ connection: AcceptedConnection) async {
        await EventLoopTasks.on(connection.channel.eventLoop) {
            await connection.run { await answer($0, of: connection.principal) }
        }
    }

    /// Runs on the connection's event loop: who is it, then HTTP. It has read nothing yet.
    private func setUp(_ channel: any Channel, _ open: OpenConnections) throws {
        let pipeline = channel.pipeline.syncOperations
        let peer = try pipeline.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
            try PeerIdentity(of: $0)
        }
        guard let peer else { throw UnixHTTPServerError.noSocket }
        let principal = roles.principal(for: peer)
        let isAdmitted = try admit(channel, principal, open)
        let (exchanges, continuation) = AsyncStream<ServerExchange>.makeStream()
        let handler = ServerConnectionHandler(
            settings(refusesAll: isAdmitted ? nil : .tooManyConnections), exchanges: continuation,
            accepted: AcceptedConnection(principal: principal, channel: channel, exchanges: exchanges))
        try pipeline.addHandler(HTTPResponseEncoder(configuration: Self.encoding))
        try pipeline.addHandler(ReceivedBytesHandler(connection: handler))
        try pipeline.addHandler(ByteToMessageHandler(requestDecoder()))
        try pipeline.addHandler(handler)
    }

    /// Counts the connection; false where its user has too many and is to be told so. Those who are told are counted,
    /// too: beyond their number a connection is closed unheard.
    private func admit(_ channel: any Channel, _ principal: Principal, _ open: OpenConnections) throws -> Bool {
        if open.admit(channel, of: .user(principal.userID), limit: limits.connectionsPerUser),
            !principal.roles.isEmpty || open.admit(channel, of: .strangers, limit: limits.connectionsOfStrangers)
        {
            return true
        }
        guard open.admit(channel, of: .refused, limit: limits.refusedConnections) else {
            throw UnixHTTPServerError.tooManyConnections(user: principal.userID)
        }
        return false
    }

    private func settings(refusesAll: HTTPRefusal?) -> ServerConnectionHandler.Settings {
        let idle = refusesAll == nil ? limits.idleSeconds : min(limits.idleSeconds, Self.refusalSeconds)
        return ServerConnectionHandler.Settings(
            targetBytes: limits.targetBytes, idle: .seconds(Int64(idle)),
            drainBytes: refusesAll == nil ? limits.drainBytes : limits.headerBytes,
            linger: .seconds(Int64(Self.lingerSeconds)), refusesAll: refusesAll, errors: routes.errors)
    }

    private func requestDecoder() -> HTTPRequestDecoder {
        var decoding = NIOHTTPDecoderLimitConfiguration()
        decoding.maxHeaderFieldSize = limits.headerBytes
        decoding.maxHeaderListSize = limits.headerBytes
        decoding.maxHeaderFieldCount = limits.headerFields
        return HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: decoding)
    }

    /// `ResponseFraming` decides about length and chunks; the encoder's own idea of them knows neither `HEAD` nor HTTP/1.0.
    private static var encoding: HTTPResponseEncoder.Configuration {
        var encoding = HTTPResponseEncoder.Configuration()
        encoding.automaticallySetFramingHeaders = false
        return encoding
    }

    /// How long a client may take to close after its last answer, and one that is not let in to send a request.
    private static var lingerSeconds: Int { 5 }
    private static var refusalSeconds: Int { 5 }

    private func answer(_ exchange: ServerExchange, of principal: Principal) async {
        do {
            let response = try await routes.respond(to: exchange.request, of: principal, exchange.identity)
            try await exchange.output.send(response, exchange.identity)
        } catch {
            // The client is gone or does not read, or the route broke off what it had begun.
            if !(error is CancellationError || error is ChannelError) { log(error, exchange) }
            exchange.output.giveUp()
        }
    }

    private func log(_ error: any Error, _ exchange: ServerExchange) {
        logger.debug(
            "an answer broke off",
            metadata: [
                "path": "\(exchange.request.uri.path)", "method": "\(exchange.request.method)", "error": "\(error)",
                "request": "\(exchange.identity.text)",
            ])
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

/// Shows a connection its bytes before they are parsed.
private final class ReceivedBytesHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: ServerConnectionHandler

    init(connection: ServerConnectionHandler) {
        self.connection = connection
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection.received(unwrapInboundIn(data))
        context.fireChannelRead(data)
    }
}
