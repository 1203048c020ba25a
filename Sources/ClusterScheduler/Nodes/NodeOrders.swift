// SPDX-License-Identifier: Apache-2.0
package import Messages
package import NIOCore
package import ServingModel

/// What the scheduler asks of one node; the node API as calls. The seam where tests put a scripted node.
package protocol NodeOrders: Sendable {
    /// The node's events for as long as the connection lasts. Returns when the node has answered.
    func events() async throws(NodeOrderError) -> any AsyncSequence<NodeEvent, any Error> & Sendable
    /// Hands a task over; everything after comes as events.
    func submit(_ task: ServingTask) async throws(NodeOrderError)
    /// Ends a task; one that is gone is no error.
    func cancel(_ task: TaskID) async throws(NodeOrderError)
    /// Has a task's events sent again; `notFound` where the node has no such task.
    func resume(_ task: TaskID, from index: Int) async throws(NodeOrderError)
    func acknowledge(_ acknowledgements: [TaskAcknowledgement]) async throws(NodeOrderError)
    func status() async throws(NodeOrderError) -> NodeStatus
    func instances() async throws(NodeOrderError) -> [InstanceSummary]
    func templates() async throws(NodeOrderError) -> [TemplateSummary]
    /// Streams a checkpoint to the node's store, and the node's progress back.
    func importModel(
        _ name: ModelName, checkpoint: any AsyncSequence<ByteBuffer, any Error> & Sendable, byteCount: Int?
    ) async throws(NodeOrderError) -> any AsyncSequence<ImportProgress, any Error> & Sendable
    func removeModel(_ name: ModelName) async throws(NodeOrderError)
}

/// Why a node did not do what it was asked.
package enum NodeOrderError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It could not be asked, or gave no answer; whether it did anything is unknown.
    case unreachable(String)
    /// It answered that it will not: status, code and sentence as in its API.
    case refused(status: Int, code: String, message: String)
    /// It answered what the API does not know.
    case malformed(String)
    /// The one who asked no longer wants to know.
    case cancelled

    package var description: String {
        switch self {
        case .unreachable(let reason): reason
        case .refused(_, _, let message): message
        case .malformed(let reason): "the node's answer is not understood: \(reason); are both of one version?"
        case .cancelled: "the order was given up"
        }
    }
}
