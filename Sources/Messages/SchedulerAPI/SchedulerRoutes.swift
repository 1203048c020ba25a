// SPDX-License-Identifier: Apache-2.0

/// Paths that the scheduler serves on `api.sock` and `admin.sock` (HTTP/1.1 and JSON). One table for server and clients.
///
/// Errors have OpenAI's envelope everywhere. `admin.sock` serves all of them; on `api.sock` those marked *admin* answer
/// 403. Listings never wake a model.
package enum SchedulerRoutes {
    /// GET: the models that clients may ask for, in OpenAI's form.
    package static let models = "/v1/models"
    /// POST, OpenAI's form, streamed or not.
    package static let chatCompletions = "/v1/chat/completions"
    /// POST, OpenAI's form, streamed or not.
    package static let completions = "/v1/completions"
    /// POST, OpenAI's form.
    package static let embeddings = "/v1/embeddings"
    /// POST `{"model", "prompt"}` or `{"model", "messages"}`: `{"count", "tokens"}`, with `token_strs` and
    /// `message_tokens` where they apply. As vLLM and llama.cpp have it.
    package static let tokenize = "/tokenize"
    /// POST `{"model", "tokens"}`: `{"prompt"}`.
    package static let detokenize = "/detokenize"

    /// GET `?limit=N` (1...1000, default 50): `[JobRecord]`, newest first; the caller's own jobs, on `admin.sock` all.
    package static let jobs = "/v1/deepflow/jobs"
    /// GET: `[NodeListing]`.
    package static let nodes = "/v1/deepflow/nodes"
    /// GET: `[NodeModel]`. POST `?name=NAME` and, where there is more than one node, `&node=NODE` (*admin*): import of
    /// the checkpoint in the body; the answer is newline-delimited `ImportProgress`.
    package static let nodeModels = "/v1/deepflow/models"
    /// GET: `[NodeInstance]`.
    package static let instances = "/v1/deepflow/instances"
    /// GET: `[NodeTemplate]`.
    package static let templates = "/v1/deepflow/templates"
    /// GET: `SchedulerVersion`.
    package static let version = "/v1/deepflow/version"
    /// GET: `SchedulerHealth`; 200 as long as the scheduler answers, also without any node.
    package static let health = "/healthz"

    /// GET: `JobRecord`. DELETE: ends it (204); another user's only on `admin.sock`.
    package static func job(_ id: String) -> String { "\(jobs)/\(id)" }
    /// DELETE `?node=NODE` (*admin*; without `node` from all nodes): `ModelRemoval`. The name's `/` stay as they are.
    package static func nodeModel(_ name: String) -> String { "\(nodeModels)/\(name)" }

    /// Response header that names the job of an answer, also of a failed one.
    package static let jobHeader = "x-deepflow-job"
}
