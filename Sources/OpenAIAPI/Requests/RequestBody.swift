// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials

/// The step from bytes to a checked request, with errors that a client can act on.
enum RequestBody {
    static func decode<Body: Decodable>(_ type: Body.Type, from bytes: [UInt8]) throws(APIError) -> Body {
        guard !bytes.isEmpty else {
            throw APIError(.invalidJSON, "the request has no body: send a JSON object")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw APIError(.invalidJSON, "the request's body is not valid UTF-8: send JSON text in that encoding")
        }
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch let error as APIError {
            throw error
        } catch {
            guard depth(of: bytes) <= maximumDepth else {
                throw APIError(.invalidJSON, "the request's body is nested too deeply: at most \(maximumDepth) levels")
            }
            throw APIError(.invalidJSON, "the request's body is not valid JSON: send one JSON object in UTF-8")
        }
    }

    /// What the decoder follows.
    private static let maximumDepth = 512

    /// How many objects and lists are open at once at most; to explain text that the decoder gave up on.
    private static func depth(of json: [UInt8]) -> Int {
        var depth = 0
        var deepest = 0
        var isInString = false
        var isEscaped = false
        for byte in json {
            switch byte {
            case _ where isEscaped: isEscaped = false
            case UInt8(ascii: "\\") where isInString: isEscaped = true
            case UInt8(ascii: "\""): isInString.toggle()
            case _ where isInString: break
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                deepest = max(deepest, depth)
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
        }
        return deepest
    }
}
