// SPDX-License-Identifier: Apache-2.0

/// A compiled template: what instances read back.
struct TemplateProgram: Sendable {
    let argumentsForm: ToolArgumentsForm
    let statements: [Statement]
}

/// How a template takes the arguments of a tool call, which a model may have written as anything.
enum ToolArgumentsForm: UInt8, Sendable, CaseIterable {
    /// An object, which most print with `tojson`, and a text where the arguments are none.
    case object
    /// The JSON text, or what else there is, which the template adds to a string as it is.
    case text
    /// An object, whose members the template looks at one by one.
    case objectOnly
    /// The JSON text of an object, which the template reads with `from_json`.
    case jsonOnly
}
