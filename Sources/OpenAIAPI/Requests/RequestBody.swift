// SPDX-License-Identifier: Apache-2.0
internal import JSONReading

/// The step from bytes to a checked request, with errors that a client can act on.
enum RequestBody {
    /// What `read` makes of a body that is one JSON object. A field that comes twice in one of its objects is refused,
    /// at any depth: readers disagree on which of them counts.
    static func decode<Body>(
        _ bytes: [UInt8], _ read: (RequestFields) throws(APIError) -> Body
    ) throws(APIError) -> Body {
        guard !bytes.isEmpty else {
            throw APIError(.invalidJSON, "the request has no body: send a JSON object")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw APIError(.invalidJSON, "the request's body is not valid UTF-8: send JSON text in that encoding")
        }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONReader.read(bytes)
        } catch {
            throw APIError(
                .invalidJSON, "the request's body is not valid JSON: \(error); send one JSON object in UTF-8")
        }
        if let name = repeatedField(in: value) {
            throw APIError(.invalidRequest, "'\(name)' is given twice: send it once", parameter: name)
        }
        return try RequestFields.read(value, read)
    }

    /// The place of the first field that its object has twice. Depth is bounded by the reader of JSON.
    private static func repeatedField(in value: JSONValue) -> String? {
        switch value {
        case .list(let elements):
            for (index, element) in elements.enumerated() {
                guard let inner = repeatedField(in: element) else { continue }
                return inner.hasPrefix("[") ? "[\(index)]\(inner)" : "[\(index)].\(inner)"
            }
            return nil
        case .object(let members):
            // By bytes: composed and decomposed characters make different names.
            var names: Set<[UInt8]> = []
            for member in members {
                let shown = member.name.prefix(128)
                guard names.insert(Array(member.name.utf8)).inserted else { return String(shown) }
                guard let inner = repeatedField(in: member.value) else { continue }
                return inner.hasPrefix("[") ? "\(shown)\(inner)" : "\(shown).\(inner)"
            }
            return nil
        default: return nil
        }
    }
}
