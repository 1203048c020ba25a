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
    case list([TemplateValue])
    case dictionary([DictionaryEntry])
    case namespace(TemplateNamespace)
    case loop(LoopState)
    case function(FunctionName)
    case macro(MacroValue)

    /// A text that the template wrote.
    static func own(_ text: String) -> TemplateValue { .text(MarkedText(text, .template)) }

    /// Whether `if` takes the value as true.
    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .boolean(let truth): truth
        case .integer(let value): value != 0
        case .float(let value): value != 0
        case .text(let text): !text.bytes.isEmpty
        case .list(let elements): !elements.isEmpty
        case .dictionary(let entries): !entries.isEmpty
        case .namespace, .loop, .function, .macro: true
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
        case .list: "a list"
        case .dictionary: "a mapping"
        case .namespace: "a namespace"
        case .loop: "the loop"
        case .function: "a function"
        case .macro: "a macro"
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

    /// Whether `==` holds.
    func equals(_ other: TemplateValue) -> Bool {
        switch (self, other) {
        case (.undefined, .undefined), (.none, .none): return true
        case (.text(let left), .text(let right)): return left == right
        case (.list(let left), .list(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { $0.equals($1) }
        case (.dictionary(let left), .dictionary(let right)):
            return left.count == right.count
                && left.allSatisfy { entry in right.contains { $0.key == entry.key && $0.value.equals(entry.value) } }
        default:
            if let left = wholeNumber, let right = other.wholeNumber { return left == right }
            if let left = number, let right = other.number { return left == right }
            return false
        }
    }
}

/// A key with its value; mappings keep the order in which they were made.
struct DictionaryEntry {
    let key: MarkedText
    let value: TemplateValue

    /// An entry as given.
    init(key: MarkedText, value: TemplateValue) {
        self.key = key
        self.value = value
    }

    /// An entry under a name that templates ask for.
    init(_ name: String, _ value: TemplateValue) {
        self.init(key: MarkedText(name, .template), value: value)
    }
}

/// The one kind of value that changes: `namespace()`, by which loops hand results out.
final class TemplateNamespace {
    private(set) var entries: [String: TemplateValue]

    /// A namespace with its first entries.
    init(_ entries: [String: TemplateValue]) { self.entries = entries }

    /// Changes or adds an entry.
    func set(_ name: String, _ value: TemplateValue) { entries[name] = value }
}

/// A macro with the names that its body sees.
final class MacroValue {
    let name: String
    let macro: Statement.Macro
    /// The scopes around the body of a call block; nil for a macro, which sees the template's outermost names.
    let scopes: [[String: TemplateValue]]?

    /// A macro as defined.
    init(name: String, macro: Statement.Macro, scopes: [[String: TemplateValue]]?) {
        self.name = name
        self.macro = macro
        self.scopes = scopes
    }
}

/// What `loop` is inside of a loop.
struct LoopState {
    /// Everything that the loop runs over.
    let elements: [TemplateValue]
    /// The place of the current element, from 0.
    let index: Int

    /// An attribute of `loop`; nil where there is none of this name.
    func attribute(_ name: String) -> TemplateValue? {
        switch name {
        case "index": .integer(index + 1)
        case "index0": .integer(index)
        case "revindex": .integer(elements.count - index)
        case "revindex0": .integer(elements.count - index - 1)
        case "first": .boolean(index == 0)
        case "last": .boolean(index == elements.count - 1)
        case "length": .integer(elements.count)
        case "previtem": index > 0 ? elements[index - 1] : .undefined("loop.previtem")
        case "nextitem": index + 1 < elements.count ? elements[index + 1] : .undefined("loop.nextitem")
        default: nil
        }
    }
}
