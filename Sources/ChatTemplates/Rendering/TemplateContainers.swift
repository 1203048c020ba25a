// SPDX-License-Identifier: Apache-2.0

/// A list, or a tuple. It knows how deep it is, so that a template cannot build one whose printing or release would
/// exhaust the thread's stack. A list that grows does so for everyone who holds it, as in Python.
struct TemplateSequence {
    private final class Storage {
        var elements: [TemplateValue]
        var depth: Int

        init(_ elements: [TemplateValue], depth: Int) {
            self.elements = elements
            self.depth = depth
        }
    }

    private let storage: Storage
    /// Whether it prints in parentheses, and cannot grow.
    let isTuple: Bool

    var elements: [TemplateValue] { storage.elements }
    /// Containers inside one another, this one included, as far as this one was told: an element may have grown since.
    var depth: Int { storage.depth }

    /// A list as given.
    init(_ elements: [TemplateValue], isTuple: Bool) {
        storage = Storage(elements, depth: elements.reduce(0) { max($0, $1.depth) } + 1)
        self.isTuple = isTuple
    }

    /// Adds an element. `Renderer.append` alone calls it: the list may hold itself now, which nothing else would release.
    func append(_ element: TemplateValue) {
        storage.elements.append(element)
        storage.depth = max(storage.depth, element.depth + 1)
    }

    /// Lets go of all elements.
    func clear() { storage.elements = [] }
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

    /// The value of a key that is a text, by its bytes.
    subscript(key: [UInt8]) -> TemplateValue? { entries.first { $0.key.text?.bytes == key }?.value }

    /// The value of a key of any kind; nil also for values that can be no keys.
    func value(of key: TemplateValue) -> TemplateValue? {
        entries.first { DictionaryEntry.areSame($0.key, key) }?.value
    }
}

/// A key with its value.
struct DictionaryEntry {
    /// A text, a number, a truth value or none.
    let key: TemplateValue
    let value: TemplateValue

    /// An entry as given.
    init(key: TemplateValue, value: TemplateValue) {
        self.key = key
        self.value = value
    }

    /// An entry under a name that templates ask for.
    init(_ name: String, _ value: TemplateValue) {
        self.init(key: .own(name), value: value)
    }

    /// Entries by their names; keys that are none cannot be asked for in a namespace.
    static func byName(_ entries: [DictionaryEntry]) -> [String: TemplateValue] {
        Dictionary(entries.compactMap { entry in entry.key.text.map { ($0.string, entry.value) } }) { $1 }
    }

    /// Whether a value can be a key. (Python's tuples can, too; no template in use has such keys.)
    static func mayBeKey(_ value: TemplateValue) -> Bool {
        switch value {
        case .text, .integer, .float, .boolean, .none: true
        default: false
        }
    }

    /// Whether two keys are one: texts by their characters, numbers by their values, of which truth values are 0 and 1.
    static func areSame(_ left: TemplateValue, _ right: TemplateValue) -> Bool {
        switch (left, right) {
        case (.text(let left), .text(let right)): return left == right
        case (.none, .none): return true
        default:
            if let left = left.wholeNumber, let right = right.wholeNumber { return left == right }
            guard let left = left.number, let right = right.number else { return false }
            return left == right
        }
    }
}

/// `namespace()`, by which loops hand results out.
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
