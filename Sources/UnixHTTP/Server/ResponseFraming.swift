// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import NIOHTTP1

/// How the answer to one request is put on the wire (RFC 9112, sections 6.3 and 9.3): a pure function of the request's
/// header and the answer's.
struct ResponseFraming: Hashable, Sendable {
    /// The answer ends with its header, whatever it says about a body.
    private let isHead: Bool
    /// The client knows no chunks, and keeps a connection only where it asked for that.
    private let isHTTP10: Bool
    /// The client would like to send another request on this connection.
    private let keepsAlive: Bool

    init(_ request: HTTPRequestHead) {
        isHead = request.method == .HEAD
        isHTTP10 = request.version == .http1_0
        // The parser takes nothing for a request behind one that asks for another protocol.
        keepsAlive = request.isKeepAlive && !request.headers.contains(name: "upgrade") && request.method != .CONNECT
    }

    /// An answer to something that was no request.
    init() {
        isHead = false
        isHTTP10 = false
        keepsAlive = false
    }

    /// An answer's header as it leaves.
    struct FramedHead: Sendable {
        let head: HTTPResponseHead
        /// Whether body parts are written; else they are dropped.
        let sendsBody: Bool
        /// Whether another request may follow on the connection.
        let keepsAlive: Bool
        /// What the header promises; nil where chunks or the connection's end mark the end.
        let contentLength: Int?
    }

    /// Frames an answer; `closes` where the connection must end behind it for the server's reasons.
    func frame(_ response: HTTPResponse, closes: Bool) -> FramedHead {
        var headers = HTTPHeaders()
        headers.reserveCapacity(response.headerFields.count + 2)
        for field in response.headerFields { headers.add(name: field.name.rawName, value: field.value) }
        let mayHaveBody = response.status.code >= 200 && response.status.code != 204 && response.status.code != 304
        if !mayHaveBody { headers.remove(name: "content-length") }
        let length = headers.first(name: "content-length").flatMap { Int($0) }
        let endsByClose = mayHaveBody && !isHead && isHTTP10 && length == nil
        let keepsAlive =
            keepsAlive && !closes && !endsByClose && headers.first(name: "connection")?.lowercased() != "close"
        headers.remove(name: "connection")
        if !keepsAlive {
            headers.add(name: "connection", value: "close")
        } else if isHTTP10 {
            headers.add(name: "connection", value: "keep-alive")
        }
        if mayHaveBody, !isHead, !isHTTP10, length == nil { headers.add(name: "transfer-encoding", value: "chunked") }
        let status = HTTPResponseStatus(
            statusCode: response.status.code, reasonPhrase: response.status.reasonPhrase)
        return FramedHead(
            head: HTTPResponseHead(version: .http1_1, status: status, headers: headers),
            sendsBody: mayHaveBody && !isHead, keepsAlive: keepsAlive, contentLength: length)
    }
}
