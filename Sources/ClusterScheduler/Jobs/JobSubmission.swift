// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// What a client wants answered, as the scheduler takes it: checked, with a seed, with its sender.
package struct JobSubmission: Sendable {
    package var kind: JobKind
    package var model: ModelName
    package var prompt: Prompt
    package var sampling: SamplingParameters
    package var actor: Actor

    package init(kind: JobKind, model: ModelName, prompt: Prompt, sampling: SamplingParameters, actor: Actor) {
        self.kind = kind
        self.model = model
        self.prompt = prompt
        self.sampling = sampling
        self.actor = actor
    }

    /// Tokens that the job will take, estimated: until an instance has counted the prompt's, four bytes are a token, and
    /// an answer without a bound is taken for a middling one.
    var estimatedTokens: Int {
        prompt.byteCount / 4 + min(sampling.maximumTokens ?? 512, 1 << 20)
    }
}

/// What a job's reader gets, in this order: accepted, text..., finished. `waiting` may come anywhere.
package enum JobEvent: Hashable, Sendable {
    /// An instance will answer; from here on the client may be told that all is well.
    case accepted(promptTokens: Int)
    /// More of the answer; never empty.
    case text(String)
    /// Nothing happened for a while: a moment to show that the connection lives.
    case waiting
    case finished(JobSummary)
}

/// The end of an answer.
package struct JobSummary: Hashable, Sendable {
    package var reason: FinishReason
    package var promptTokens: Int
    package var completionTokens: Int
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
