// SPDX-License-Identifier: Apache-2.0

/// A packed chat template, ready to render conversations.
package struct ChatTemplate: Sendable {
    private let statements: [Statement]

    /// Reads a section that `ChatTemplateCompiler` made. The program is decoded into memory of its own, some tens of
    /// kilobytes; the bytes are not needed afterwards.
    package init(verifying section: UnsafeRawBufferPointer) throws(ChatTemplateError) {
        statements = try ProgramDecoder.decode(section)
    }

    /// The text of a conversation, cut where its author changes.
    package func render(
        _ input: ChatInput, limits: RenderLimits = RenderLimits()
    ) throws(ChatTemplateError) -> [RenderedSegment] {
        let renderer = Renderer(input, limits: limits)
        return try renderer.render(statements).segments
    }
}
