// SPDX-License-Identifier: Apache-2.0

/// A packed chat template, ready to render conversations.
package struct ChatTemplate: Sendable {
    private let program: TemplateProgram

    /// Reads a section that `ChatTemplateCompiler` made. The program is decoded into memory of its own, some tens of
    /// kilobytes; the bytes are not needed afterwards.
    package init(verifying section: UnsafeRawBufferPointer) throws(ChatTemplateError) {
        program = try ProgramDecoder.decode(section)
    }

    /// A template that was compiled a moment ago.
    init(program: TemplateProgram) {
        self.program = program
    }

    /// The text of a conversation, cut where its author changes. Tools, tool calls, reasoning and the client's
    /// variables reach the template under the names that templates use for them.
    package func render(
        _ input: ChatInput, limits: RenderLimits = RenderLimits()
    ) throws(ChatTemplateError) -> [RenderedSegment] {
        let names = try InputScope(input, program.argumentsForm).values()
        return try Renderer(names, moment: input.moment, limits: limits).render(program.statements).segments
    }
}
