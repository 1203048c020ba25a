// SPDX-License-Identifier: Apache-2.0

/// The bounds that jobs are driven within.
struct JobLimits: Hashable, Sendable {
    /// How long a job looks for a node while one is away or the model is missing.
    var missing = Duration.seconds(5)
    /// How long a job looks for a node while all have no room.
    var full = Duration.seconds(60)
    /// How long a job is tried again whose instances are lost by no fault of its own, without one further part.
    var losses = Duration.seconds(120)
    /// Crashes in a row at a job's own work, without one further part, that end it.
    var crashes = 3
    /// Unread parts from which on the output counts as full. Below an instance's window of unacknowledged tokens, so that
    /// a reader who takes nothing shows before the instance stops.
    var fullParts = 512
    /// Unread parts beyond which the node breaks its word: an instance's window, four times over.
    var mostParts = 4096
    /// How long the output may be full before the job pauses and its place goes to others.
    var fullTime = Duration.seconds(1)
    /// A reader that takes nothing for so long is given up.
    var stall = Duration.seconds(60)
    /// A reader that waits for so long is told that nothing happened, for a sign of life to the client.
    var quiet = Duration.seconds(5)
}
