// SPDX-License-Identifier: Apache-2.0

/// A list, or a tuple. It knows how deep it is, so that a template cannot build one whose printing or release would
/// exhaust the thread's stack.
struct TemplateSequence {
    let elements: [TemplateValue]
    /// Whether it prints in parentheses.
    let isTuple: Bool
    /// Containers inside one another, this one included.
    let depth: Int

    /// A list as given.
    init(_ elements: [TemplateValue], isTuple: Bool) {
        self.elements = elements
        self.isTuple = isTuple
        depth = elements.reduce(0) { max($0, $1.depth) } + 1
    }
}

/// A mapping in the order in which it was made.
struct TemplateMapping {
    let entries: [DictionaryEntry]
    /// Containers inside one another, this one included.
    let depth: Int

    /// A mapping of entries with different keys.
    init(_ entries: [DictionaryEntry]) {
        self.entries = entries
        depth = entries.reduce(0) { max($0, $1.value.depth) } + 1
    }

    /// The value of a key, by its bytes.
    subscript(key: [UInt8]) -> TemplateValue? { entries.first { $0.key.bytes == key }?.value }
}

/// A key with its value.
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

    /// Lets go of all entries, which may hold the namespace itself.
    func clear() { entries = [:] }
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
