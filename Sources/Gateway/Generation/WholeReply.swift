// SPDX-License-Identifier: Apache-2.0
internal import ClusterScheduler
internal import OpenAIAPI
internal import ServingModel

/// All parts of a job's reply, for answers that leave in one piece.
struct WholeReply: Sendable {
    let job: JobID
    var tokens: [GeneratedToken] = []
    var vectors: [EmbeddedInput] = []
    var summary: JobSummary

    /// Has the job done. Fails with an `APIError`, or with `JobRefusal` where a job was made.
    static func collect(_ submission: JobSubmission, from core: SchedulerCore) async throws -> WholeReply {
        let executor: JobExecutor
        do {
            executor = try core.submit(submission)
        } catch {
            throw APIError(error)
        }
        do {
            return try await collect(executor)
        } catch {
            throw JobRefusal(error: APIError(error), job: executor.job.id)
        }
    }

    private static func collect(_ executor: JobExecutor) async throws(JobFailure) -> WholeReply {
        var tokens: [GeneratedToken] = []
        var vectors: [EmbeddedInput] = []
        while true {
            let events = try await executor.next()
            guard !events.isEmpty else { throw JobFailure(.task(.internalError), "the reply has no end") }
            for event in events {
                switch event {
                case .part(.token(let token)): tokens.append(token)
                case .part(.vector(let input)): vectors.append(input)
                case .finished(let summary):
                    return WholeReply(job: executor.job.id, tokens: tokens, vectors: vectors, summary: summary)
                case .accepted, .waiting: break
                }
            }
        }
    }
}
