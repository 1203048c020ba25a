// SPDX-License-Identifier: Apache-2.0

/// The smallest part of a template's source.
struct TemplateToken: Sendable {
    enum Kind: Equatable, Sendable {
        /// What stands outside of tags.
        case text([UInt8])
        /// `{{`
        case outputBegin
        /// `}}`
        case outputEnd
        /// `{%`
        case blockBegin
        /// `%}`
        case blockEnd
        case name(String)
        case string([UInt8])
        case integer(Int)
        case float(Double)
        case symbol(String)
        case end
    }

    let kind: Kind
    let position: SourcePosition

    /// How an error message shows the token.
    var shown: String {
        switch kind {
        case .text: "text"
        case .outputBegin: "'{{'"
        case .outputEnd: "'}}'"
        case .blockBegin: "'{%'"
        case .blockEnd: "'%}'"
        case .name(let name): "'\(name)'"
        case .string: "a string"
        case .integer(let value): "'\(value)'"
        case .float(let value): "'\(value)'"
        case .symbol(let symbol): "'\(symbol)'"
        case .end: "the end of the template"
        }
    }
}
