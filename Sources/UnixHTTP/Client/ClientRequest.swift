// SPDX-License-Identifier: Apache-2.0
package import NIOCore
internal import NIOHTTP1

/// The methods that the project's APIs use.
package enum ClientMethod: String, Hashable, Sendable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case delete = "DELETE"
}

/// What is sent with a request.
package enum ClientRequestBody: Sendable {
    case none
    case bytes(ByteBuffer)
    /// Buffers as they come, sent as fast as the server takes them. `byteCount` is announced where it is known and must
    /// then be right. The sequence goes on being read after `request` returned, until it ends, the server has finished
    /// its answer, or the answer is given up.
    case stream(any AsyncSequence<ByteBuffer, any Error> & Sendable, byteCount: Int?)

    /// Text or encoded JSON.
    package static func bytes(_ bytes: some Sequence<UInt8>) -> ClientRequestBody {
        .bytes(ByteBuffer(bytes: bytes))
    }
}

extension ClientRequestBody {
    /// Whether the request can be sent a second time.
    var isRepeatable: Bool {
        switch self {
        case .none, .bytes: true
        case .stream: false
        }
    }

    /// The header fields that frame this body.
    func addFraming(to headers: inout HTTPHeaders) {
        switch self {
        case .none: break
        case .bytes(let buffer): headers.replaceOrAdd(name: "content-length", value: "\(buffer.readableBytes)")
        case .stream(_, .some(let byteCount)): headers.replaceOrAdd(name: "content-length", value: "\(byteCount)")
        case .stream(_, nil): headers.replaceOrAdd(name: "transfer-encoding", value: "chunked")
        }
    }
}
