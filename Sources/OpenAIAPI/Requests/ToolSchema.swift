// SPDX-License-Identifier: Apache-2.0
internal import JSONReading

/// Whether the `parameters` of a tool are a JSON Schema of an object. Keywords that describe the arguments' form must
/// have the form that JSON Schema gives them; unknown keywords are notes there, and stay.
enum ToolSchema {
    private static let types = ["object", "array", "string", "number", "integer", "boolean", "null"]
    private static let schemas = [
        "additionalProperties", "propertyNames", "contains", "not", "if", "then", "else", "unevaluatedProperties",
        "unevaluatedItems", "additionalItems",
    ]
    private static let namedSchemas = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"]
    private static let schemaLists = ["anyOf", "oneOf", "allOf", "prefixItems"]
    private static let texts = ["$ref", "pattern", "format"]
    private static let counts = [
        "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties",
    ]

    /// Refuses what is no schema of an object; the error names the place in it. `path` is the schema's.
    static func check(_ schema: JSONValue, path: String) throws(APIError) {
        guard case .object(let members) = schema else { throw refusal(path, "must be a JSON Schema: an object") }
        if let type = members.first(where: { $0.name == "type" })?.value, type.text != "object" {
            throw refusal("\(path).type", "must be \"object\": a function's arguments are one")
        }
        try check(members, path)
    }

    private static func refusal(_ path: String, _ problem: String) -> APIError {
        APIError(.invalidRequest, "'\(path)' \(problem)", parameter: path)
    }

    private static func checkInner(_ schema: JSONValue, _ path: String) throws(APIError) {
        switch schema {
        case .boolean: return
        case .object(let members): try check(members, path)
        default: throw refusal(path, "must be a JSON Schema: an object, true or false")
        }
    }

    private static func check(_ members: [JSONMember], _ path: String) throws(APIError) {
        for member in members {
            let place = "\(path).\(member.name.prefix(128))"
            switch member.name {
            case "type": try checkType(member.value, place)
            case "required": try checkRequired(member.value, place)
            case "enum":
                guard member.value.list != nil else { throw refusal(place, "must be a list of values") }
            case "items":
                // Older drafts have a list here.
                if case .list(let elements) = member.value {
                    try checkList(elements, place)
                } else {
                    try checkInner(member.value, place)
                }
            case _ where schemas.contains(member.name): try checkInner(member.value, place)
            case _ where namedSchemas.contains(member.name):
                guard case .object(let named) = member.value else { throw refusal(place, "must be an object") }
                for inner in named { try checkInner(inner.value, "\(place).\(inner.name.prefix(128))") }
            case _ where schemaLists.contains(member.name):
                guard case .list(let elements) = member.value, !elements.isEmpty else {
                    throw refusal(place, "must be a list of JSON Schemas")
                }
                try checkList(elements, place)
            case _ where texts.contains(member.name):
                guard member.value.text != nil else { throw refusal(place, "must be a string") }
            case _ where counts.contains(member.name):
                guard member.value.count != nil else { throw refusal(place, "must be a whole number, 0 or more") }
            default: break
            }
        }
    }

    private static func checkList(_ elements: [JSONValue], _ path: String) throws(APIError) {
        for (index, element) in elements.enumerated() { try checkInner(element, "\(path)[\(index)]") }
    }

    private static func checkType(_ value: JSONValue, _ path: String) throws(APIError) {
        let names = value.list ?? [value]
        guard !names.isEmpty, names.allSatisfy({ $0.text.map(types.contains) ?? false }) else {
            let known = types.map { "\"\($0)\"" }.joined(separator: ", ")
            throw refusal(path, "must be one of \(known), or a list of them")
        }
    }

    private static func checkRequired(_ value: JSONValue, _ path: String) throws(APIError) {
        guard let names = value.list, names.allSatisfy({ $0.text != nil }) else {
            throw refusal(path, "must be a list of names")
        }
    }
}
