// SPDX-License-Identifier: Apache-2.0
package import Messages
package import NIOCore
package import ServingModel

/// What the scheduler asks of one node; the node API as calls. The seam where tests put a scripted node.
package protocol NodeAPI: Sendable {
    /// The node's events for as long as the connection lasts. Returns when the node has answered.
    func events() async throws(NodeRequestError) -> any AsyncSequence<NodeEvent, any Error> & Sendable
    /// Hands a task over; everything after comes as events.
    func submit(_ task: ServingTask) async throws(NodeRequestError)
    /// Ends a task; one that is gone is no error.
    func cancel(_ task: TaskID) async throws(NodeRequestError)
    /// Has a task's events sent again; `notFound` where the node has no such task.
    func resume(_ task: TaskID, from index: Int) async throws(NodeRequestError)
    func acknowledge(_ acknowledgements: [TaskAcknowledgement]) async throws(NodeRequestError)
    func status() async throws(NodeRequestError) -> NodeStatus
    func instances() async throws(NodeRequestError) -> [InstanceSummary]
    func templates() async throws(NodeRequestError) -> [TemplateSummary]
    /// Streams a checkpoint to the node's store, and the node's progress back.
    func importModel(
        _ name: ModelName, checkpoint: any AsyncSequence<ByteBuffer, any Error> & Sendable, byteCount: Int?
    ) async throws(NodeRequestError) -> any AsyncSequence<ImportProgress, any Error> & Sendable
    func removeModel(_ name: ModelName) async throws(NodeRequestError)
}

/// Why a node did not do what it was asked.
package enum NodeRequestError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It could not be asked, or gave no answer; whether it did anything is unknown.
    case unreachable(String)
    /// It answered that it will not: status, code and sentence as in its API.
    case refused(status: Int, code: String, message: String)
    /// It answered what the API does not know.
    case malformed(String)
    /// The one who asked no longer wants to know.
    case cancelled

    /// A later scheduler of the same identity gives the orders: this one must stop.
    var isStaleEpoch: Bool {
        if case .refused(status: 409, code: NodeAPIError.staleEpoch, message: _) = self { true } else { false }
    }

    package var description: String {
        switch self {
        case .unreachable(let reason): reason
        case .refused(_, _, let message): message
        case .malformed(let reason): "the node's answer is not understood: \(reason); are both of one version?"
        case .cancelled: "the order was given up"
        }
    }
}
