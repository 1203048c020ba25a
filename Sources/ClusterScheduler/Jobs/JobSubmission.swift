// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// What a client wants answered, as the scheduler takes it: checked, with a seed, with its sender.
package struct JobSubmission: Sendable {
    package var kind: JobKind
    package var model: ModelName
    package var work: TaskWork
    package var principal: Principal

    /// The request that the job is a part of; nil where it is all of it.
    package var request: RequestID?

    package init(kind: JobKind, model: ModelName, work: TaskWork, principal: Principal, request: RequestID? = nil) {
        self.kind = kind
        self.model = model
        self.work = work
        self.principal = principal
        self.request = request
    }

    /// Whether the reply is an answer, whose tokens are counted as the model's work.
    var isAnswer: Bool {
        if case .answer = work { true } else { false }
    }

    /// Tokens that the job will take, estimated: until an instance has counted the prompt's, four bytes are a token, and
    /// an answer without a bound is taken for a middling one.
    var estimatedTokens: Int {
        let length: Int
        if case .answer(_, let sampling) = work {
            length = min(sampling.maximumTokens ?? 512, 1 << 20)
        } else {
            length = 0
        }
        return work.byteCount / 4 + length
    }
}

/// What a job's reader gets, in this order: accepted, parts..., finished. `waiting` may come anywhere.
package enum JobEvent: Hashable, Sendable {
    /// An instance will answer; from here on the client may be told that all is well.
    case accepted(promptTokens: Int)
    /// More of the reply.
    case part(ReplyPart)
    /// Nothing happened for a while: a moment to show that the connection lives.
    case waiting
    case finished(JobSummary)
}

/// The end of an answer.
package struct JobSummary: Hashable, Sendable {
    package var reason: FinishReason
    package var promptTokens: Int
    package var completionTokens: Int
    /// What became final only at the end.
    package var rest = TokenRest(text: "")
    /// See `TaskOutcome.messageTokens`.
    package var messageTokens: [Int]?

    /// Text, reasoning and calls that belong to no token.
    package struct TokenRest: Hashable, Sendable {
        package var text: String
        package var extra: TokenExtra?

        package init(text: String, extra: TokenExtra? = nil) {
            self.text = text
            self.extra = extra
        }
    }
}

/// Why a job has no (whole) answer.
package struct JobFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure, for the client's status and code.
    package enum Kind: Hashable, Sendable {
        /// As an instance or a node said, or as was left after fail-over.
        case task(TaskFailure)
        /// No node is connected.
        case noNode
        /// Too many jobs wait already.
        case queueFull
        /// The client is gone, or someone with the right to do so ended it.
        case cancelled
        case serverRestarting
    }

    package var kind: Kind
    /// A sentence with the next step.
    package var message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// Stable word for records.
    package var code: String {
        switch kind {
        case .task(let failure): failure.rawValue
        case .noNode: "no_node"
        case .queueFull: "queue_full"
        case .cancelled: "cancelled"
        case .serverRestarting: "server_restarting"
        }
    }

    package var description: String { "\(code): \(message)" }
}
