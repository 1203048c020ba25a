// SPDX-License-Identifier: Apache-2.0

/// How values of one kind are written, which of them are allowed, and how they are shown.
package struct SettingForm<Value: Hashable & Sendable>: Sendable {
    /// The kind in a word or two, for tables: `count`, `duration`.
    let kind: String
    /// The allowed values with their unit, for errors and tables: `1 to 256`.
    let allowed: String
    /// The same for editors.
    let schema: SettingSchema
    /// Reads a value, or adds everything that is wrong with it to the faults and answers nil.
    let read: @Sendable (SettingInput, inout [SettingFault]) -> Value?
    /// The value as it would be written.
    let show: @Sendable (Value) -> SettingValue

    /// A form of values that are one text each; `parse` answers nil for a text that is not allowed.
    static func text(
        kind: String, allowed: String, schema: SettingSchema, show: @escaping @Sendable (Value) -> SettingValue,
        parse: @escaping @Sendable (String) -> Value?
    ) -> SettingForm {
        SettingForm(
            kind: kind, allowed: allowed, schema: schema,
            read: { input, faults in
                if case .scalar(let text) = input.content, let value = parse(text) { return value }
                faults.append(SettingFault(line: input.line, what: "is \(input.found); allowed: \(allowed)"))
                return nil
            }, show: show)
    }

    /// The form of a value that the program takes from the machine where nobody chose one; `words` say how.
    package func derived(_ words: String) -> SettingForm<Value?> {
        SettingForm<Value?>(
            kind: kind, allowed: allowed, schema: schema,
            read: { input, faults in
                // Twice optional: nil is a value here, and a fault must not become one.
                guard let value = read(input, &faults) else { return nil }
                return .some(.some(value))
            }, show: { $0.map(show) ?? .derived(words) })
    }
}

extension SettingForm where Value == Bool {
    /// `true` or `false`; `yes`, `no`, `on` and `off` are taken too.
    package static var boolean: SettingForm {
        text(kind: "boolean", allowed: "true or false", schema: .boolean, show: { .boolean($0) }) { text in
            switch text {
            case "true", "yes", "on": true
            case "false", "no", "off": false
            default: nil
            }
        }
    }
}

extension SettingForm where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
    /// One of an enumeration's words.
    package static var choice: SettingForm {
        let words = Value.allCases.map(\.rawValue)
        return text(
            kind: "choice", allowed: words.joined(separator: " or "), schema: .choice(words),
            show: { .text($0.rawValue) }, parse: { Value(rawValue: $0) })
    }
}

extension SettingForm where Value == String {
    /// A path of a directory or file; a socket below it must fit into the kernel's 107 bytes, which `bind` tells.
    package static var path: SettingForm {
        text(
            kind: "path", allowed: "a path of at most 1024 bytes", schema: .text(pattern: "^.{1,1024}$"),
            show: { .text($0) }
        ) { text in (1...1024).contains(text.utf8.count) && !text.utf8.contains(0) ? text : nil }
    }
}
