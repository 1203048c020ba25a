// SPDX-License-Identifier: Apache-2.0

/// Where a request, job or task stands.
///
/// - `queued`: waits for a place. May go to `starting`, `running`, `failed`, `cancelled`.
/// - `starting`: placed, its instance is being started.
/// - `running`: accepted by an instance.
/// - `completed`, `failed`, `cancelled`: final.
package enum ServingStatus: String, Hashable, Sendable, Codable, CaseIterable {
    case queued, starting, running, completed, failed, cancelled

    /// Nothing follows.
    package var isFinal: Bool {
        switch self {
        case .queued, .starting, .running: false
        case .completed, .failed, .cancelled: true
        }
    }
}

/// The times of a request's phases in microseconds; nil until the phase is over.
package struct RequestPhases: Hashable, Sendable, Codable {
    /// From arrival to the task's hand-over to a node.
    package var queueMicroseconds: Int?
    /// Waiting for an instance: template start and fork; 0 where one was warm.
    package var forkMicroseconds: Int?
    /// The stages of the start that it waited for; nil where an instance was warm.
    package var startStages: StartStages?
    /// From acceptance by the instance to its first token.
    package var prefillMicroseconds: Int?
    /// From arrival to the first token at the gateway.
    package var firstTokenMicroseconds: Int?
    /// From the first token to the last.
    package var decodeMicroseconds: Int?

    package init() {}
}

/// What the history of jobs keeps of a job: one answer to one client, with all that happened to it.
package struct JobRecord: Hashable, Sendable, Codable {
    package var id: JobID
    package var request: RequestID
    package var kind: JobKind
    package var model: ModelName
    package var status: ServingStatus
    /// User of the peer process, from the kernel.
    package var userID: UInt32
    /// Seconds since 1970.
    package var createdAt: Double
    package var finishedAt: Double?
    package var promptTokens: Int?
    package var completionTokens: Int
    package var finishReason: FinishReason?
    /// For `failed`: code and sentence.
    package var failure: String?
    package var phases: RequestPhases
    package var tasks: [TaskRecord]

    package init(
        id: JobID, request: RequestID, kind: JobKind, model: ModelName, userID: UInt32, createdAt: Double
    ) {
        self.id = id
        self.request = request
        self.kind = kind
        self.model = model
        self.status = .queued
        self.userID = userID
        self.createdAt = createdAt
        self.completionTokens = 0
        self.phases = RequestPhases()
        self.tasks = []
    }
}

/// The kinds of job; more come with more executors.
package enum JobKind: String, Hashable, Sendable, Codable, CaseIterable {
    case chat, completion, embedding, tokenization
}

/// One attempt to serve a job on a node.
package struct TaskRecord: Hashable, Sendable, Codable {
    package var id: TaskID
    package var node: NodeName
    package var instance: InstanceID?
    package var status: ServingStatus
    /// Index of the first token that this attempt was to make; above 0 after a fail-over.
    package var firstIndex: Int
    package var failure: String?

    package init(id: TaskID, node: NodeName, firstIndex: Int) {
        self.id = id
        self.node = node
        self.status = .queued
        self.firstIndex = firstIndex
    }
}
