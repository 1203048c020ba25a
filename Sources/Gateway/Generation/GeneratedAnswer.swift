// SPDX-License-Identifier: Apache-2.0
internal import ClusterScheduler
internal import HTTPTypes
internal import Hummingbird
internal import OpenAIAPI
internal import ServingModel

/// One answer on its way out, in either form.
struct GeneratedAnswer: Sendable {
    let request: GenerationRequest
    let executor: JobExecutor
    private let id: String
    private let created = Int(WallClock.now)

    init(request: GenerationRequest, executor: JobExecutor) {
        self.request = request
        self.executor = executor
        let number = executor.job.id.description.dropFirst(JobSubject.prefix.count + 1)
        id = (request.kind == .chat ? "chatcmpl-" : "cmpl-") + number
    }

    /// Waits until an instance will answer; with what came after that by then. Nothing is sent to the client before, so
    /// that every refusal still has a status of its own.
    func untilAccepted() async throws(JobFailure) -> [JobEvent] {
        while true {
            let events = try await executor.next()
            let acceptance = events.firstIndex { event in
                if case .accepted = event { true } else { false }
            }
            if let acceptance { return Array(events[(acceptance + 1)...]) }
            guard !events.isEmpty else {
                throw JobFailure(.task(.internalError), "the answer ended before it began")
            }
        }
    }

    /// The answer in one piece.
    func whole(after first: [JobEvent]) async throws -> Response {
        var text = ""
        var events = first
        while true {
            for event in events {
                switch event {
                case .part(.token(let token)): text += token.text
                case .finished(let summary): return try whole(text + summary.rest.text, summary)
                case .part(.vector): break
                case .accepted, .waiting: break
                }
            }
            events = try await executor.next()
            guard !events.isEmpty else { throw JobFailure(.task(.internalError), "the answer has no end") }
        }
    }

    private func whole(_ text: String, _ summary: JobSummary) throws -> Response {
        let usage = TokenUsage(promptTokens: summary.promptTokens, completionTokens: summary.completionTokens)
        let job = executor.job.id
        switch request.kind {
        case .chat, .embedding, .tokenization:
            return try JSONResponse.make(
                ChatCompletion(
                    id: id, created: created, model: request.model, text: text, reason: summary.reason, usage: usage),
                job: job)
        case .completion:
            return try JSONResponse.make(
                TextCompletion(
                    id: id, created: created, model: request.model, text: text, reason: summary.reason, usage: usage),
                job: job)
        }
    }

    /// The answer as it is made.
    func stream(after first: [JobEvent]) -> Response {
        var headers = HTTPFields([HTTPField(name: .contentType, value: ServerSentEvents.contentType)])
        headers[.cacheControl] = "no-cache"
        headers[JobHeader.name] = executor.job.id.description
        let encoder = ChunkEncoder(
            kind: request.kind, id: id, created: created, model: request.model, includesUsage: request.includesUsage)
        let stream = AnswerStream(executor: executor, encoder: encoder, includesUsage: request.includesUsage)
        return Response(
            status: .ok, headers: headers, body: ResponseBody { writer in try await stream.run(first, to: &writer) })
    }
}
