// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials

/// The step from bytes to a checked request, with errors that a client can act on.
enum RequestBody {
    static func decode<Body: Decodable>(_ type: Body.Type, from bytes: [UInt8]) throws(APIError) -> Body {
        guard !bytes.isEmpty else {
            throw APIError(.invalidJSON, "the request has no body: send a JSON object")
        }
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch let error as APIError {
            throw error
        } catch {
            throw APIError(.invalidJSON, "the request's body is not valid JSON: send one JSON object in UTF-8")
        }
    }
}
