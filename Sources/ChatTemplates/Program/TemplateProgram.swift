// SPDX-License-Identifier: Apache-2.0

/// A compiled template: what instances read back.
struct TemplateProgram: Sendable {
    let argumentsForm: ToolArgumentsForm
    let statements: [Statement]
}

/// How a template wants the arguments of a tool call. Most print an object with `tojson`; some add a JSON text to a
/// string as it is.
enum ToolArgumentsForm: UInt8, Sendable, CaseIterable {
    case object, text
}
