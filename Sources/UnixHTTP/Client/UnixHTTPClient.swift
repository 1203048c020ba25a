// SPDX-License-Identifier: Apache-2.0
internal import NIOCore
internal import NIOHTTP1
internal import Synchronization

/// HTTP/1.1 to the server behind one Unix socket, over a few connections that are kept for the next request.
///
/// Cancelling a request's task, or giving up its answer's body, closes the connection; the server notices at once.
package final class UnixHTTPClient: Sendable {
    /// Where the server listens.
    package let socketPath: String
    private let maximumKeptConnections: Int
    private let kept = Mutex<Kept>(Kept())

    private struct Kept {
        var connections: [ClientConnection] = []
        var isClosed = false
    }

    /// Connects at the first request, not now.
    package init(socketPath: String, maximumKeptConnections: Int = 4) {
        self.socketPath = socketPath
        self.maximumKeptConnections = maximumKeptConnections
    }

    /// Sends one request and returns when the answer's header is there.
    ///
    /// - `target`: path and query, percent-encoded where needed.
    /// - `timeout`: bound on the time until the answer's header; nil waits as long as the connection lasts.
    ///
    /// Throws `UnixHTTPClientError`, `CancellationError`, or what a streamed body threw.
    package func request(
        _ method: ClientMethod, _ target: String, headers: [String: String] = [:], body: ClientRequestBody = .none,
        timeout: Duration? = nil
    ) async throws -> ClientResponse {
        let head = try requestHead(method, target, headers, body)
        if body.isRepeatable, let connection = takeKept() {
            do {
                return try await connection.exchange(head, body, timeout: timeout, path: socketPath)
            } catch UnixHTTPClientError.connectionLost {
                // The server closed the idle connection just now: once more, on a fresh one.
            }
        }
        let connection = try await ClientConnection.connect(to: socketPath) { [weak self] in
            guard let self else { return $0.channel.close(promise: nil) }
            keep($0)
        }
        return try await connection.exchange(head, body, timeout: timeout, path: socketPath)
    }

    /// Closes the kept connections. Later requests still work and keep none.
    package func close() {
        let connections = kept.withLock { kept in
            kept.isClosed = true
            defer { kept.connections = [] }
            return kept.connections
        }
        for connection in connections { connection.channel.close(promise: nil) }
    }

    deinit {
        close()
    }

    private func requestHead(
        _ method: ClientMethod, _ target: String, _ headers: [String: String], _ body: ClientRequestBody
    ) throws(UnixHTTPClientError) -> HTTPRequestHead {
        guard target.hasPrefix("/"), target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .malformed(path: socketPath, reason: "'\(target)' is no request target")
        }
        // Servers over TCP want a host; ours ignore it.
        var fields = HTTPHeaders([("host", "localhost")])
        for (name, value) in headers { fields.replaceOrAdd(name: name, value: value) }
        body.addFraming(to: &fields)
        return HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: method.rawValue), uri: target, headers: fields)
    }

    private func takeKept() -> ClientConnection? {
        kept.withLock { kept in
            while let connection = kept.connections.popLast() {
                if connection.channel.isActive { return connection }
            }
            return nil
        }
    }

    private func keep(_ connection: ClientConnection) {
        let isKept = kept.withLock { kept in
            kept.connections.removeAll { !$0.channel.isActive }
            guard !kept.isClosed, kept.connections.count < maximumKeptConnections else { return false }
            kept.connections.append(connection)
            return true
        }
        if !isKept { connection.channel.close(promise: nil) }
    }
}
