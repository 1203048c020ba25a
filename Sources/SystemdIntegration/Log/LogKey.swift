// SPDX-License-Identifier: Apache-2.0
package import Logging

/// What a log event is about: the keys of metadata that are the same in all daemons. In the journal each is a field of
/// its own (`journalctl JOB_ID=job-0123456789abcdef`), in a line of JSON a member beside the message.
///
/// Whatever else an event carries is a detail. Neither ever holds text of a prompt or of an answer at level info or
/// above: who reads the journal is not who asked.
package enum LogKey: String, CaseIterable, Sendable {
    /// An HTTP request, as the client or the gateway named it.
    case request = "request_id"
    /// A request's job, as `deepflow job show` knows it.
    case job = "job_id"
    /// A job's task, as scheduler and node know it.
    case task = "task_id"
    /// A model's name.
    case model
    /// A process that serves a model.
    case instance
    /// The warm parent of a model's instances.
    case template
    /// A node's name.
    case node
    /// For whom the work is done.
    case tenant
    /// The kind of event, see `LogEventKind`.
    case kind = "message_id"

    /// The field's name in the journal.
    var field: String { rawValue.uppercased() }
}

extension Logger.Metadata {
    /// Metadata of an event of `kind`, where it is of a known one, about those of `subjects` that are there, with `details`
    /// beside.
    package static func about(
        _ subjects: KeyValuePairs<LogKey, (any CustomStringConvertible)?>, kind: LogEventKind? = nil,
        _ details: Logger.Metadata = [:]
    ) -> Logger.Metadata {
        var metadata = details
        for (key, value) in subjects {
            if let value { metadata[key.rawValue] = "\(value)" }
        }
        if let kind { metadata[LogKey.kind.rawValue] = "\(kind.rawValue)" }
        return metadata
    }
}
