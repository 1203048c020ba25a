// SPDX-License-Identifier: Apache-2.0

/// The unit that is placed on an instance: one piece of work, one reply.
///
/// A task that is sent a second time, after its instance died, says how many parts were already delivered; the new
/// instance goes on from there, to the bit as the old one would have.
package struct ServingTask: Hashable, Sendable, Codable {
    package var id: TaskID
    package var job: JobID
    package var model: ModelName
    /// Content that the model must have, where part of the answer is there already: a model that was replaced under its
    /// name would go on with another text. nil takes whatever has the name.
    package var digest: String?
    package var work: TaskWork
    /// Parts that the client has, which is also the next one's index.
    package var delivered: Int
    /// Token ids of an answer so far, as many as were delivered; empty for other work.
    package var generated: [Int32]
    /// Who is served: places, turns and prefixes are shared by tenant.
    package var tenant: TenantName
    /// The tenant's part of places and turns, beside others.
    package var tenantWeight: TenantWeight
    package var serviceClass: ServiceClass
    /// Keeps prefixes apart from those of other salts, within a tenant; nil shares them.
    package var cacheSalt: String?
    /// Weights over the model's own; nil for none.
    package var adapter: AdapterID?
    package var mode: TaskMode
    /// The instance that keeps a place for the task; nil leaves the choice to the node.
    package var reservation: InstanceID?

    package init(
        id: TaskID, job: JobID, model: ModelName, digest: String? = nil, work: TaskWork, delivered: Int = 0,
        generated: [Int32] = [], tenant: TenantName, tenantWeight: TenantWeight = .one,
        serviceClass: ServiceClass = .interactive, cacheSalt: String? = nil, adapter: AdapterID? = nil,
        mode: TaskMode = .serve, reservation: InstanceID? = nil
    ) {
        self.id = id
        self.job = job
        self.model = model
        self.digest = digest
        self.work = work
        self.delivered = delivered
        self.generated = generated
        self.tenant = tenant
        self.tenantWeight = tenantWeight
        self.serviceClass = serviceClass
        self.cacheSalt = cacheSalt
        self.adapter = adapter
        self.mode = mode
        self.reservation = reservation
    }
}

/// Why an answer ended.
package enum FinishReason: String, Hashable, Sendable, Codable, CaseIterable {
    /// An end-of-sequence token or a stop string.
    case stop
    /// `maximumTokens` or the context is full.
    case length
    /// The client went away or asked for it.
    case cancelled
    /// The model asks for tools to be called.
    case toolCalls = "tool_calls"
}

/// Why a task cannot be (or go on being) served where it is.
package enum TaskFailure: String, Hashable, Sendable, Codable, CaseIterable, Error {
    /// Prompt and answer do not fit the model's context: the client's mistake.
    case contextLengthExceeded = "context_length_exceeded"
    /// The request cannot be rendered or is out of bounds: the client's mistake.
    case invalidRequest = "invalid_request"
    /// The node has no such model.
    case modelNotFound = "model_not_found"
    /// The instance ended before the answer did, by nothing that the task could have caused: a kill from outside, lack
    /// of memory, its node's end. The task may be sent again, with its tokens, as often as that happens.
    case instanceLost = "instance_lost"
    /// The instance crashed while it worked on the task: a fault, a denied call, misbehaviour. The task may be sent again,
    /// with its tokens, but it may be the reason.
    case instanceCrashed = "instance_crashed"
    /// The task's place was given to another tenant who waited: it is to be sent again, with its tokens, and waits for
    /// its turn.
    case preempted
    /// The answer began with other content of the model than there is now: it cannot go on as it began.
    case modelReplaced = "model_replaced"
    /// No instance could be started.
    case startFailed = "start_failed"
    /// The node has no room now; may be sent again later or elsewhere.
    case overloaded
    /// A defect on our side.
    case internalError = "internal_error"

    /// Whether the scheduler may place the task again.
    package var isRetryable: Bool {
        switch self {
        case .instanceLost, .instanceCrashed, .preempted, .overloaded: true
        case .contextLengthExceeded, .invalidRequest, .modelNotFound, .modelReplaced, .startFailed, .internalError:
            false
        }
    }
}

/// What an instance tells of a task, in this order: accepted, parts..., finished; or failed at any point.
package enum TaskEvent: Hashable, Sendable, Codable {
    case accepted(TaskAcceptance)
    case token(GeneratedToken)
    case vector(EmbeddedInput)
    case finished(TaskOutcome)
    case failed(TaskFailure, message: String)
}

/// The instance has rendered and tokenized the prompt and will answer it.
package struct TaskAcceptance: Hashable, Sendable, Codable {
    package var instance: InstanceID
    package var promptTokens: Int
    /// What the task waited on this node until an instance was ready, in microseconds; 0 where one was warm.
    package var startMicroseconds: Int
    /// The stages of the instance's start; nil where the task found it warm.
    package var startStages: StartStages?
    /// Of the content that answers; an attempt that goes on elsewhere asks for the same.
    package var digest: String

    package init(
        instance: InstanceID, promptTokens: Int, startMicroseconds: Int, startStages: StartStages? = nil, digest: String
    ) {
        self.instance = instance
        self.promptTokens = promptTokens
        self.startMicroseconds = startMicroseconds
        self.startStages = startStages
        self.digest = digest
    }
}

/// The end of an answer and what it took.
package struct TaskOutcome: Hashable, Sendable, Codable {
    package var reason: FinishReason
    /// Text that became final only at the end (held back for a stop string or an unfinished character).
    package var text: String
    /// Reasoning and calls that became final only at the end.
    package var extra: TokenExtra?
    /// Parts of the whole reply, those of earlier instances included.
    package var completionTokens: Int
    /// From acceptance to the first token sampled on this instance, in microseconds.
    package var prefillMicroseconds: Int
    /// From the first to the last token on this instance, in microseconds.
    package var decodeMicroseconds: Int

    /// For the tokenization of a conversation: how many tokens each message adds, -1 where the template cannot render
    /// the conversation up to there.
    package var messageTokens: [Int]?

    package init(
        reason: FinishReason, text: String, extra: TokenExtra? = nil, completionTokens: Int, prefillMicroseconds: Int,
        decodeMicroseconds: Int, messageTokens: [Int]? = nil
    ) {
        self.reason = reason
        self.text = text
        self.extra = extra
        self.messageTokens = messageTokens
        self.completionTokens = completionTokens
        self.prefillMicroseconds = prefillMicroseconds
        self.decodeMicroseconds = decodeMicroseconds
    }
}
