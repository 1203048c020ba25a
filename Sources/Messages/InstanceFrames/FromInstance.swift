// SPDX-License-Identifier: Apache-2.0
package import LinuxKernel
package import ServingModel

/// What an instance tells its node daemon. All of it is hostile until checked: an instance may have been taken over by
/// its checkpoint or a prompt.
package enum FromInstance: Hashable, Sendable {
    /// Sandboxed, memory mapped, ranks can be started.
    case ready(InstanceStart)
    /// `progress` changes with every piece of work that a rank takes; nil while there is nothing to compute.
    case pong(UInt64, activeTasks: Int, progress: UInt64?)
    case accepted(TaskID, promptTokens: Int)
    /// The tokens of one step, of all tasks that took part: one frame per step.
    case tokens([TaskToken])
    /// The vector of one input.
    case vector(TaskID, EmbeddedInput)
    case finished(TaskID, TaskOutcome)
    case failed(TaskID, TaskFailure, message: String)
    /// All tasks that are known here, those at their end but not released included.
    case attached([TaskProgress])

    /// How far a task is.
    package struct TaskProgress: Hashable, Sendable {
        /// The task.
        package var task: TaskID
        /// Index that the next token will have.
        package var nextIndex: Int

        /// How far a task is.
        package init(task: TaskID, nextIndex: Int) {
            self.task = task
            self.nextIndex = nextIndex
        }
    }

    /// What the start took inside the child, in microseconds.
    package struct InstanceStart: Hashable, Sendable {
        /// When the child began to run.
        package var bornAt: MonotonicTime
        /// Spent on the last steps of the sandbox.
        package var sandboxMicroseconds: Int
        /// Spent on mapping memory of its own.
        package var mappingMicroseconds: Int
        /// Spent on making the engine.
        package var ranksMicroseconds: Int
        /// Steps of the recipe that this kernel or these privileges did not allow, by name; normally empty.
        package var missingSandboxSteps: [String]

        package init(
            bornAt: MonotonicTime, sandboxMicroseconds: Int, mappingMicroseconds: Int, ranksMicroseconds: Int,
            missingSandboxSteps: [String]
        ) {
            self.bornAt = bornAt
            self.sandboxMicroseconds = sandboxMicroseconds
            self.mappingMicroseconds = mappingMicroseconds
            self.ranksMicroseconds = ranksMicroseconds
            self.missingSandboxSteps = missingSandboxSteps
        }
    }

    /// Upper bounds on what one frame may hold.
    package enum Limits {
        /// Tokens of one frame.
        package static let tokensPerFrame = 1024
        /// Text of one token.
        package static let tokenTextBytes = 4096
        /// Text that comes with the end of a task.
        package static let outcomeTextBytes = 16 << 10
        /// Tool calls of one answer, and pieces of them that come with one token.
        package static let calls = 128
        /// Pieces of tool calls that come with one token.
        package static let callPieces = 128
        /// Name of a tool.
        package static let toolNameBytes = 256
        /// Of a likely token's bytes, the rest is cut.
        package static let likelyBytes = 128
        /// Sentence of a failure.
        package static let messageBytes = 4096
        /// Tasks that are named when a daemon attaches.
        package static let attachedTasks = 2048
        /// Durations are 32-bit numbers.
        package static let microseconds = Int(UInt32.max)
    }

    enum Kind: UInt8 {
        case ready = 64, pong, accepted, tokens, finished, failed, attached, vector
    }
}
