// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// One line of a node's event stream.
///
/// Events of a task carry the token's index: whoever missed some asks for them again (`NodeRoutes.resume`), whoever
/// gets one twice drops it.
package enum NodeEvent: Hashable, Sendable, Codable {
    /// First line of a stream.
    case hello(node: NodeName, version: String, processID: Int32)
    /// The store changed, or the stream began: all models.
    case models([ModelSummary])
    /// An instance changed its state, or the stream began: all that live.
    case instances([InstanceSummary])
    /// In this order: accepted, token..., finished; or failed.
    case task(TaskID, TaskEvent)
    /// The tokens of one step of an instance, of all tasks that took part: encoded once, decoded once.
    case tokens([TaskToken])
    /// What the node's KV memory holds changed.
    case keyValues(KVEvent)
}

/// Body of `NodeRoutes.resume`.
package struct TaskResumption: Hashable, Sendable, Codable {
    /// Index of the first token that is wanted again.
    package var index: Int

    package init(index: Int) {
        self.index = index
    }
}

/// The scheduler has a task's tokens below `index`; with `isOver` it also has its end and wants nothing more.
package struct TaskAcknowledgement: Hashable, Sendable, Codable {
    package var task: TaskID
    package var index: Int
    package var isOver: Bool

    package init(task: TaskID, index: Int, isOver: Bool) {
        self.task = task
        self.index = index
        self.isOver = isOver
    }
}

/// One line of the answer to a model import.
package enum ImportProgress: Hashable, Sendable, Codable {
    /// The checkpoint is arriving.
    case receiving(bytes: Int, total: Int?)
    /// It is being packed.
    case packing(bytes: Int, total: Int)
    case completed(ModelSummary)
    /// Nothing was added; the sentence says why.
    case failed(message: String)
}

/// Body of every error that a node answers with.
package struct NodeAPIError: Error, Hashable, Sendable, Codable {
    /// Code of the refusal of an order whose scheduler was replaced by a later one of the same identity.
    package static let staleEpoch = "stale_epoch"

    /// A `TaskFailure` code or one of `not_found`, `forbidden`, `bad_request`, `conflict`, `insufficient_storage`,
    /// `stale_epoch`.
    package var code: String
    /// A sentence with the next step.
    package var message: String

    package init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}
