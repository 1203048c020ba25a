// SPDX-License-Identifier: Apache-2.0

/// A place in a template's source, counted from 1.
package struct SourcePosition: Sendable, Equatable, CustomStringConvertible {
    /// The line.
    package let line: Int
    /// The character within the line.
    package let column: Int

    /// Line and column in words.
    package var description: String { "line \(line), column \(column)" }
}

/// Why a chat template cannot be packed, or why a conversation cannot be rendered with it.
package enum ChatTemplateError: Error, Equatable, CustomStringConvertible {
    /// The source breaks the language's rules.
    case syntax(String, SourcePosition)
    /// The source uses a part of the language that is not built in.
    case unsupported(String, SourcePosition)
    /// A part of the client's request is not what it should be.
    case input(String)
    /// The packed program contradicts itself.
    case damagedProgram(String)
    /// Rendering met a value that does not fit.
    case rendering(String, SourcePosition)
    /// The template itself refused the conversation.
    case raised(String, SourcePosition)
    /// Rendering took more than a limit allows.
    case limitExceeded(String, SourcePosition)

    /// What is wrong, and where, in words.
    package var description: String {
        switch self {
        case .syntax(let problem, let place):
            "the chat template is wrong at \(place): \(problem)"
        case .unsupported(let construct, let place):
            "the chat template uses \(construct) at \(place), which is not supported"
        case .input(let problem): problem
        case .damagedProgram(let part):
            "the packed chat template's \(part) is damaged; add the model again"
        case .rendering(let problem, let place):
            "the chat template failed at \(place): \(problem)"
        case .raised(let message, let place):
            "the model's chat template refuses this conversation: \(message) (\(place))"
        case .limitExceeded(let limit, let place):
            "the chat template exceeded \(limit) at \(place)"
        }
    }
}
