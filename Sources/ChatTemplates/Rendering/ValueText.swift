// SPDX-License-Identifier: Apache-2.0

extension TemplateValue {
    /// The text that `{{ value }}` prints, as Python's `str` makes it.
    var printed: MarkedText {
        switch self {
        case .undefined: MarkedText()
        case .text(let text): text
        default: represented
        }
    }

    /// The text of a value inside a printed list, as Python's `repr` makes it.
    private var represented: MarkedText {
        switch self {
        case .undefined: return MarkedText("Undefined", .template)
        case .none: return MarkedText("None", .template)
        case .boolean(let truth): return MarkedText(truth ? "True" : "False", .template)
        case .integer(let value): return MarkedText("\(value)", .template)
        case .float(let value): return MarkedText("\(value)", .template)
        case .text(let text): return Self.quoted(text)
        case .list(let elements):
            return Self.joined(elements.map(\.represented), "[", ", ", "]")
        case .dictionary(let entries):
            let parts = entries.map { entry in
                Self.joined([Self.quoted(entry.key), entry.value.represented], "", ": ", "")
            }
            return Self.joined(parts, "{", ", ", "}")
        case .namespace: return MarkedText("<namespace>", .template)
        case .loop: return MarkedText("<loop>", .template)
        case .macro(let value): return MarkedText("<Macro '\(value.name)'>", .template)
        case .function(let name): return MarkedText("<function \(name.rawValue)>", .template)
        }
    }

    /// JSON as Python's `json.dumps(value, ensure_ascii=False)` writes it; nil for values that JSON lacks.
    func json(indent: Int?, depth: Int = 0) -> MarkedText? {
        switch self {
        case .none: return MarkedText("null", .template)
        case .boolean(let truth): return MarkedText(truth ? "true" : "false", .template)
        case .integer(let value): return MarkedText("\(value)", .template)
        case .float(let value): return value.isFinite ? MarkedText("\(value)", .template) : nil
        case .text(let text): return Self.jsonString(text)
        case .list(let elements):
            var parts: [MarkedText] = []
            for element in elements {
                guard let part = element.json(indent: indent, depth: depth + 1) else { return nil }
                parts.append(part)
            }
            return Self.jsonContainer(parts, "[", "]", indent: indent, depth: depth)
        case .dictionary(let entries):
            var parts: [MarkedText] = []
            for entry in entries {
                guard let value = entry.value.json(indent: indent, depth: depth + 1) else { return nil }
                parts.append(Self.joined([Self.jsonString(entry.key), value], "", ": ", ""))
            }
            return Self.jsonContainer(parts, "{", "}", indent: indent, depth: depth)
        case .undefined, .namespace, .loop, .function, .macro: return nil
        }
    }

    private static func jsonContainer(
        _ parts: [MarkedText], _ opening: String, _ closing: String, indent: Int?, depth: Int
    ) -> MarkedText {
        guard let indent, !parts.isEmpty else { return joined(parts, opening, ", ", closing) }
        let inner = "\n" + String(repeating: " ", count: indent * (depth + 1))
        let outer = "\n" + String(repeating: " ", count: indent * depth)
        return joined(parts, opening + inner, "," + inner, outer + closing)
    }

    private static func jsonString(_ text: MarkedText) -> MarkedText {
        let escaped = text.mapParts { part in
            var result = ""
            for scalar in part.unicodeScalars {
                switch scalar {
                case "\"": result += "\\\""
                case "\\": result += "\\\\"
                case "\n": result += "\\n"
                case "\r": result += "\\r"
                case "\t": result += "\\t"
                case "\u{8}": result += "\\b"
                case "\u{C}": result += "\\f"
                case _ where scalar.value < 0x20:
                    let digits = String(scalar.value, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                default: result.unicodeScalars.append(scalar)
                }
            }
            return result
        }
        return joined([escaped], "\"", "", "\"")
    }

    private static func quoted(_ text: MarkedText) -> MarkedText {
        let quote = text.bytes.contains(UInt8(ascii: "'")) && !text.bytes.contains(UInt8(ascii: "\"")) ? "\"" : "'"
        let escaped = text.mapParts { part in
            var result = ""
            for scalar in part.unicodeScalars {
                switch scalar {
                case "\\": result += "\\\\"
                case "\n": result += "\\n"
                case "\r": result += "\\r"
                case "\t": result += "\\t"
                case "'" where quote == "'": result += "\\'"
                default: result.unicodeScalars.append(scalar)
                }
            }
            return result
        }
        return joined([escaped], quote, "", quote)
    }

    private static func joined(
        _ parts: [MarkedText], _ opening: String, _ separator: String, _ closing: String
    ) -> MarkedText {
        var result = MarkedText(opening, .template)
        for (index, part) in parts.enumerated() {
            if index > 0 { result.append(MarkedText(separator, .template)) }
            result.append(part)
        }
        result.append(MarkedText(closing, .template))
        return result
    }
}
