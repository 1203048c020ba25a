// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import NIOHTTP1

/// The header of a request, as the parser gave it: what is wrong with it, and what routes see of it.
enum RequestHead {
    /// What the parser lets pass and this server does not. (Two lengths, or a length beside chunks, the parser refuses.)
    static func refusal(of head: HTTPRequestHead, targetBytes: Int) -> HTTPRefusal? {
        guard head.uri.utf8.count <= targetBytes else { return .targetTooLong }
        let hosts = head.headers["host"].count
        guard hosts == 1 || hosts == 0 && head.version == .http1_0 else { return .missingHost }
        // A relay of HTTP/1.0 would take chunks for the next request; other encodings would end with the connection.
        let encodings = head.headers["transfer-encoding"].map { $0.lowercased() }
        guard encodings.isEmpty || head.version != .http1_0 && encodings == ["chunked"] else {
            return .malformedRequest
        }
        if head.version != .http1_0, head.headers.contains(name: "expect"), !expectsContinue(head) {
            return .expectationFailed
        }
        return nil
    }

    /// Whether the client waits for `100 Continue` before it sends the body.
    static func expectsContinue(_ head: HTTPRequestHead) -> Bool {
        head.version != .http1_0 && head.headers["expect"].map { $0.lowercased() } == ["100-continue"]
    }

    /// What a refusal is for a parser's error; `isRequestLineComplete` where the end of the first line had come.
    static func refusal(of error: HTTPParserError, isRequestLineComplete: Bool) -> HTTPRefusal {
        switch error {
        case .headerOverflow: isRequestLineComplete ? .headersTooLarge : .targetTooLong
        case .invalidVersion: .versionNotSupported
        default: .malformedRequest
        }
    }

    /// The header in the form that routes read; nil where its method or target has none.
    static func request(_ head: HTTPRequestHead) -> HTTPRequest? {
        guard let method = HTTPRequest.Method(head.method.rawValue), let path = path(of: head.uri) else { return nil }
        var fields = HTTPFields()
        fields.reserveCapacity(head.headers.count)
        var authority: String?
        for (name, value) in head.headers {
            guard let name = HTTPField.Name(name) else { return nil }
            if name.canonicalName == "host" {
                authority = value
            } else {
                fields.append(HTTPField(name: name, value: value))
            }
        }
        return HTTPRequest(method: method, scheme: "http", authority: authority, path: path, headerFields: fields)
    }

    /// Path and query of a target in origin-form, or in the absolute-form that clients of proxies use.
    private static func path(of target: String) -> String? {
        if target.utf8.first == UInt8(ascii: "/") || target == "*" { return target }
        guard let scheme = target.firstRange(of: "://"),
            ["http", "https"].contains(target[..<scheme.lowerBound].lowercased())
        else { return nil }
        let rest = target[scheme.upperBound...]
        guard let slash = rest.firstIndex(where: { $0 == "/" || $0 == "?" }) else { return "/" }
        return rest[slash] == "/" ? String(rest[slash...]) : "/" + rest[slash...]
    }
}
