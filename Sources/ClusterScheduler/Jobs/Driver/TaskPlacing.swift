// SPDX-License-Identifier: Apache-2.0
package import Policies
internal import ServingModel

/// Where a task can go, or why nowhere.
package struct ClusterDecision: Hashable, Sendable {
    package var decision: PlacementDecision
    /// A node is missing that may be back in a moment, so that a "no" is not final.
    package var isSettling: Bool
}

/// Who is told what nodes say of a task that it placed.
protocol TaskListener: AnyObject, Sendable {
    /// The node took the task, or why not. Events may come before.
    func submissionEnded(_ task: TaskID, _ error: NodeRequestError?)
    func receive(_ task: TaskID, _ event: TaskEvent)
    /// Tokens of one step, in order.
    func receive(_ task: TaskID, tokens: [GeneratedToken])
    /// The node no longer has the task, or is away for too long.
    func taskGone(_ task: TaskID, reason: String)
}

/// Who is told that a node, or a node's models, came or went.
protocol ClusterWatcher: AnyObject, Sendable {
    func clusterChanged()
}

/// What jobs ask of the cluster. `ClusterManager` does it with nodes behind sockets, a simulation with nodes of its own.
protocol TaskPlacing: Sendable {
    /// Why there cannot be a place for the model; nil where there is one, or may be in a moment.
    func refusal(of model: ModelName) -> PlacementDecision?
    /// Asks the policy about the cluster as it is now.
    func decide(_ model: ModelName, tokens: Int, avoiding: Set<NodeName>) -> ClusterDecision
    /// Hands a task over to a node. `listener` is told whether that went well, and all that the node says of the task until
    /// `release`.
    func submit(_ task: ServingTask, tokens: Int, to node: NodeName, for listener: any TaskListener)
    /// The task's parts below `index` are wanted no more.
    func acknowledge(_ task: TaskID, on node: NodeName, index: Int)
    /// The task's parts from `index` on are missing.
    func askAgain(_ task: TaskID, on node: NodeName, from index: Int)
    /// Nothing more of the task is wanted; it is ended where it still runs.
    func release(_ task: TaskID, on node: NodeName, index: Int)
    /// `watcher` is told of every change from now on.
    func watch(_ watcher: any ClusterWatcher)
    func unwatch(_ watcher: any ClusterWatcher)
}
