// SPDX-License-Identifier: Apache-2.0

/// What an expression can be at rendering.
enum TemplateValue {
    /// A name or part that does not exist; prints as nothing, and is an error to look into.
    case undefined(String)
    case none
    case boolean(Bool)
    case integer(Int)
    case float(Double)
    case text(MarkedText)
    case sequence(TemplateSequence)
    case mapping(TemplateMapping)
    case namespace(TemplateNamespace)
    case loop(LoopState)
    case function(FunctionName)
    case macro(MacroValue)
    /// A method that was asked for but not called: true, and nothing else.
    case method(String)

    /// A text that the template wrote.
    static func own(_ text: String) -> TemplateValue { .text(MarkedText(text, .template)) }

    /// A list of values.
    static func list(_ elements: [TemplateValue]) -> TemplateValue {
        .sequence(TemplateSequence(elements, isTuple: false))
    }

    /// A list of fixed length, which prints in parentheses.
    static func tuple(_ elements: [TemplateValue]) -> TemplateValue {
        .sequence(TemplateSequence(elements, isTuple: true))
    }

    /// A mapping of entries with different keys.
    static func dictionary(_ entries: [DictionaryEntry]) -> TemplateValue { .mapping(TemplateMapping(entries)) }

    /// Containers inside one another.
    var depth: Int {
        switch self {
        case .sequence(let sequence): sequence.depth
        case .mapping(let mapping): mapping.depth
        case .loop(let loop): loop.depth + 1
        default: 0
        }
    }

    /// Whether `if` takes the value as true.
    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .boolean(let truth): truth
        case .integer(let value): value != 0
        case .float(let value): value != 0
        case .text(let text): !text.bytes.isEmpty
        case .sequence(let sequence): !sequence.elements.isEmpty
        case .mapping(let mapping): !mapping.entries.isEmpty
        case .namespace, .loop, .function, .macro, .method: true
        }
    }

    /// How an error message names the kind of value.
    var kindName: String {
        switch self {
        case .undefined(let name): "undefined ('\(name)')"
        case .none: "none"
        case .boolean: "a boolean"
        case .integer, .float: "a number"
        case .text: "a string"
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .namespace: "a namespace"
        case .loop: "the loop"
        case .function: "a function"
        case .macro: "a macro"
        case .method: "a method"
        }
    }

    /// The value as a number; truth values count as 0 and 1.
    var number: Double? {
        switch self {
        case .boolean(let truth): truth ? 1 : 0
        case .integer(let value): Double(value)
        case .float(let value): value
        default: nil
        }
    }

    /// The value as a whole number; truth values count as 0 and 1.
    var wholeNumber: Int? {
        switch self {
        case .boolean(let truth): truth ? 1 : 0
        case .integer(let value): value
        default: nil
        }
    }

    /// The text, where the value is one.
    var text: MarkedText? {
        if case .text(let text) = self { text } else { nil }
    }
}
