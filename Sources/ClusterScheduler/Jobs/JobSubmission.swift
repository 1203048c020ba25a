// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// What a client wants answered, as the scheduler takes it: checked, with a seed, with its sender.
package struct JobSubmission: Sendable {
    package var plan: any JobPlan
    package var model: ModelName
    package var principal: Principal

    package init(plan: any JobPlan, model: ModelName, principal: Principal) {
        self.plan = plan
        self.model = model
        self.principal = principal
    }
}

/// The end of a reply.
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

/// How a job ends: with what its reply comes to, or with why there is none.
typealias JobEnd = Result<JobSummary, JobFailure>

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

    /// The scheduler ends, or ended, before the job did.
    static let restarting = JobFailure(.serverRestarting, "the scheduler is restarting: send the request again")

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
