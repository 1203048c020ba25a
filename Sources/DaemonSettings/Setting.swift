// SPDX-License-Identifier: Apache-2.0

/// The one declaration of a setting: what it is called, which values it may have, what it is for, and which property of
/// `Root` receives it. The property's initial value is the default.
///
/// Flags, variables, keys of files, help texts, the schema for editors and the table of the manual come from this.
package struct Setting<Root: Sendable>: Sendable {
    /// Everything but the property.
    package let facts: SettingFacts
    /// Reads a value into its property, or adds what is wrong with it to the faults.
    let assign: @Sendable (SettingInput, inout Root, inout [SettingFault]) -> Void
    /// The property's value.
    let value: @Sendable (Root) -> SettingValue
    /// Copies the property from the first to the second.
    let copy: @Sendable (Root, inout Root) -> Void

    /// - Parameters:
    ///   - name: words of a-z and `_`, with a dot behind the name of each group.
    ///   - help: a sentence or two, with the unit where there is one.
    ///   - flag: without its `--`; nil makes it from the name.
    ///   - isReloadable: whether a running program takes a new value.
    ///   - isFileOnly: whether only files can have it: values that a line cannot hold.
    package init<Value>(
        _ name: String, _ property: any WritableKeyPath<Root, Value> & Sendable, _ form: SettingForm<Value>,
        _ help: String, flag: String? = nil, isReloadable: Bool = false, isFileOnly: Bool = false
    ) {
        facts = SettingFacts(
            name: name, kind: form.kind, allowed: form.allowed, help: help,
            flag: isFileOnly ? nil : flag ?? name.map { $0 == "." || $0 == "_" ? "-" : String($0) }.joined(),
            isReloadable: isReloadable, schema: form.schema)
        assign = { input, root, faults in
            if let value = form.read(input, &faults) { root[keyPath: property] = value }
        }
        value = { form.show($0[keyPath: property]) }
        copy = { $1[keyPath: property] = $0[keyPath: property] }
    }

    private init(
        facts: SettingFacts, assign: @escaping @Sendable (SettingInput, inout Root, inout [SettingFault]) -> Void,
        value: @escaping @Sendable (Root) -> SettingValue, copy: @escaping @Sendable (Root, inout Root) -> Void
    ) {
        self.facts = facts
        self.assign = assign
        self.value = value
        self.copy = copy
    }

    /// The same setting as one of a larger set that holds this set in `property`.
    package func within<Outer>(_ property: any WritableKeyPath<Outer, Root> & Sendable) -> Setting<Outer> {
        Setting<Outer>(
            facts: facts,
            assign: { assign($0, &$1[keyPath: property], &$2) },
            value: { value($0[keyPath: property]) },
            copy: { copy($0[keyPath: property], &$1[keyPath: property]) })
    }
}

/// What a setting's declaration says, for everyone who does not touch its value.
package struct SettingFacts: Hashable, Sendable {
    /// `instances.maximum`
    package let name: String
    /// The kind of its values in a word: `duration`.
    package let kind: String
    /// The allowed values, with their unit: `1 to 256`.
    package let allowed: String
    /// What it decides, in a sentence or two.
    package let help: String
    /// Without its `--`; nil where only files can have the setting.
    package let flag: String?
    /// Whether a running program takes a new value when it reads its files again.
    package let isReloadable: Bool
    let schema: SettingSchema

    /// The variable of the environment; nil where only files can have the setting.
    package var variable: String? {
        guard flag != nil else { return nil }
        return "DEEPFLOW_" + name.map { $0 == "." ? "_" : $0.uppercased() }.joined()
    }

    /// Whether its flag stands alone, without a value.
    var isSwitch: Bool { schema == .boolean }
}

/// All settings of one program, as typed properties.
package protocol SettingSet: Hashable, Sendable {
    /// The program that reads them.
    static var program: ConfiguredProgram { get }
    /// The declarations, in the order in which people read them.
    static var settings: [Setting<Self>] { get }
    /// Every property at its default.
    init()
}
