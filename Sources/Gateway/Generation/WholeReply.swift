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
    static func collect(
        _ submission: JobSubmission, request: RequestID, from core: SchedulerCore
    ) async throws -> WholeReply {
        let reader: JobReader
        do {
            reader = try core.submit([submission], request: request)
        } catch {
            throw APIError(error)
        }
        defer { reader.detach() }
        do {
            return try await collect(reader)
        } catch {
            throw JobRefusal(error: APIError(error), job: reader.jobs[0].id)
        }
    }

    private static func collect(_ reader: JobReader) async throws(JobFailure) -> WholeReply {
        var tokens: [GeneratedToken] = []
        var vectors: [EmbeddedInput] = []
        while true {
            for reply in try await reader.nextReplies() {
                for part in reply.parts {
                    switch part {
                    case .token(let token): tokens.append(token)
                    case .vector(let input): vectors.append(input)
                    }
                }
                guard let summary = reply.summary else { continue }
                return WholeReply(job: reader.jobs[0].id, tokens: tokens, vectors: vectors, summary: summary)
            }
        }
    }
}
