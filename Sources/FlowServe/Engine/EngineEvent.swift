// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// What happens to tasks, in the order of each task: accepted, parts, finished; or failed.
package enum EngineEvent: Sendable, Equatable {
    /// The prompt has this many tokens, and the first part to come has this index.
    case accepted(TaskID, promptTokens: Int, firstIndex: Int)
    case token(TaskID, GeneratedToken)
    case vector(TaskID, EmbeddedInput)
    case finished(TaskID, TaskOutcome)
    case failed(TaskID, TaskFailure, message: String)
}

/// Why a task is not taken.
package struct TaskRefusal: Error, Equatable, CustomStringConvertible {
    /// What the task fails with.
    package let failure: TaskFailure
    /// A sentence for the client.
    package let message: String

    /// A refusal with a sentence for the client.
    package init(_ failure: TaskFailure, _ message: String) {
        self.failure = failure
        self.message = message
    }

    /// The sentence.
    package var description: String { message }
}
