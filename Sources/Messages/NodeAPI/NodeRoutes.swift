// SPDX-License-Identifier: Apache-2.0

/// Paths of the node API (HTTP/1.1 and JSON over the node's socket). One table for server and clients.
package enum NodeRoutes {
    /// GET: `NodeStatus`.
    package static let status = "/v1/status"
    /// GET: the node's metrics in Prometheus' text format.
    package static let metrics = "/metrics"
    /// GET: newline-delimited `NodeEvent`s for as long as the connection lasts; begins with `hello`, `models`,
    /// `instances`. Each scheduler has a stream of its own (`schedulerHeader`), with the events of its own tasks; a new
    /// stream of the same scheduler ends the one before.
    package static let events = "/v1/events"
    /// Request header of every order of a scheduler: its `SchedulerIdentity`. Orders without one are an
    /// administrator's. One with a lower epoch than the node has seen of the same scheduler is refused with 409,
    /// `stale_epoch`.
    package static let schedulerHeader = "x-deepflow-scheduler"
    /// GET: `[ModelSummary]`. POST with `?name=NAME`: import of the checkpoint in the body; answers with
    /// newline-delimited `ImportProgress`.
    package static let models = "/v1/models"
    /// GET: `[InstanceSummary]`.
    package static let instances = "/v1/instances"
    /// POST `InstanceScale`: brings a model to so many instances and keeps them; answers with its instances, as
    /// `[InstanceSummary]`, when they are ready and others gone.
    package static let scale = "/v1/instances/scale"
    /// POST `ModelLoad`: has a model's template ready; answers with newline-delimited `LoadProgress`.
    package static let load = "/v1/models/load"
    /// POST `ModelUnload`: ends a model's instances, after their tasks, and its template; 204 when all are gone.
    package static let unload = "/v1/models/unload"
    /// POST `ModelVerification`: reads a model's whole artefact; answers with newline-delimited `VerificationProgress`.
    package static let verify = "/v1/models/verify"
    /// POST `ModelAlias`: gives content that is in the store one more name; answers with its `ModelSummary`, 404 where
    /// the content is not there or not whole.
    package static let alias = "/v1/models/alias"
    /// GET: `[TemplateSummary]`.
    package static let templates = "/v1/templates"
    /// POST `ServingTask`: 202 when queued on this node; everything after comes as events. 429 when it has no room,
    /// 404 for an unknown model. Under it: DELETE `/ID` cancels (204), POST `/ID/resume` with `TaskResumption` has the
    /// events from an index sent again (204, or 404 when the task is gone), POST `/acknowledge` with
    /// `[TaskAcknowledgement]` (204).
    package static let tasks = "/v1/tasks"
    package static let acknowledge = "/v1/tasks/acknowledge"

    /// The path of one task, to DELETE it.
    package static func task(_ id: String) -> String { "\(tasks)/\(id)" }
    /// The path to have a task's events sent again.
    package static func resume(_ id: String) -> String { "\(tasks)/\(id)/resume" }
    /// The path of one model, to DELETE it.
    package static func model(_ name: String) -> String { "\(models)/\(name)" }
    /// The path of one instance, to DELETE it: after its tasks, or with `?within=SECONDS` not later.
    package static func instance(_ id: String) -> String { "\(instances)/\(id)" }
}
