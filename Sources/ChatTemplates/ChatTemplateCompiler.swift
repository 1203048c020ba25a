// SPDX-License-Identifier: Apache-2.0

/// Turns the source of a chat template into the packed program that instances run. Used when a model is packed.
package enum ChatTemplateCompiler {
    /// The packed program, or an error with line and column for what is wrong or not supported.
    package static func program(for source: String) throws(ChatTemplateError) -> [UInt8] {
        var stream = TokenStream(try TemplateLexer.tokens(of: source))
        return ProgramEncoder.encode(try stream.template())
    }
}
