// SPDX-License-Identifier: Apache-2.0
internal import ClusterScheduler
internal import HTTPTypes
internal import HummingbirdCore
internal import OpenAIAPI
internal import ServingModel
internal import UnixHTTP

/// One answer on its way out, in either form: a job for each of its choices.
struct GeneratedAnswer: Sendable {
    let request: GenerationRequest
    /// By the choices' indices; at least one.
    let executors: [JobExecutor]
    private let id: String
    private let created = Int(WallClock.now)

    init(request: GenerationRequest, executors: [JobExecutor]) {
        self.request = request
        self.executors = executors
        let number = executors[0].job.id.description.dropFirst(JobSubject.prefix.count + 1)
        id = (request.kind == .chat ? "chatcmpl-" : "cmpl-") + number
    }

    /// Waits until instances will give all choices; with what came of each after that by then. Nothing is sent to the
    /// client before, so that every refusal still has a status of its own.
    ///
    /// A streamed answer that waits for its place longer than a tick of its job's clock goes ahead all the same: its
    /// status line and signs of life keep client and proxies from giving up. A refusal after that is an event.
    func untilAccepted() async throws(JobFailure) -> [[JobEvent]] {
        var first: [[JobEvent]] = []
        for executor in executors {
            let events = try await untilAccepted(executor)
            first.append(events)
            if request.streams, events.first == .waiting { break }
        }
        return first + Array(repeating: [], count: executors.count - first.count)
    }

    private func untilAccepted(_ executor: JobExecutor) async throws(JobFailure) -> [JobEvent] {
        while true {
            let events = try await executor.next()
            if request.streams, events.first == .waiting { return events }
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
    func whole(after first: [[JobEvent]]) async throws -> Response {
        let choices = try await withThrowingTaskGroup(of: AnswerChoice.self) { group in
            for index in executors.indices {
                group.addTask { try await self.choice(index, after: first[index]) }
            }
            return try await group.reduce(into: [AnswerChoice]()) { $0.append($1) }
        }
        let answer = WholeAnswer(
            kind: request.kind, id: id, created: created, model: request.model,
            choices: choices.map(\.part).sorted { $0.index < $1.index },
            usage: AnswerChoice.usage(of: choices, perPrompt: request.choicesPerPrompt))
        return JSONResponse.make(json: answer.json, job: executors[0].job.id)
    }

    private func choice(_ index: Int, after first: [JobEvent]) async throws(JobFailure) -> AnswerChoice {
        var choice = AnswerChoice(index, request, executors[index])
        var events = first
        while true {
            for event in events where choice.summary == nil { choice.take(event) }
            if choice.summary != nil { return choice }
            events = try await executors[index].next()
            guard !events.isEmpty else { throw JobFailure(.task(.internalError), "the answer has no end") }
        }
    }

    /// The answer as it is made.
    func stream(after first: [[JobEvent]]) -> Response {
        var headers = HTTPFields([HTTPField(name: .contentType, value: ServerSentEvents.contentType)])
        headers[.cacheControl] = "no-cache"
        headers[JobHeader.name] = executors[0].job.id.description
        let encoder = ChunkEncoder(
            kind: request.kind, id: id, created: created, model: request.model, includesUsage: request.includesUsage)
        let stream = AnswerStream(executors: executors, encoder: encoder, request: request)
        return Response(
            status: .ok, headers: headers, body: ResponseBody { writer in try await stream.run(first, to: &writer) })
    }
}

/// What is known of one choice while it comes.
struct AnswerChoice: Sendable {
    /// What was not given out yet.
    var part: ChoicePart
    /// Set at the end.
    private(set) var summary: JobSummary?
    /// Tools were called in parts that were given out.
    private(set) var hasCalls = false

    init(_ index: Int, _ request: GenerationRequest, _ executor: JobExecutor) {
        part = ChoicePart(index: index, job: executor.job.id)
        part.text = request.echo(ofChoice: index)
    }

    /// Adds what an event tells.
    mutating func take(_ event: JobEvent) {
        switch event {
        case .part(.token(let token)): part.add(token)
        case .finished(let summary):
            part.text += summary.rest.text
            if let extra = summary.rest.extra { part.add(extra) }
            part.reason = summary.reason
            self.summary = summary
        case .accepted, .waiting, .part(.vector): break
        }
    }

    /// Gives out what came since the last time.
    mutating func takePart() -> ChoicePart {
        let taken = part
        hasCalls = hasCalls || !taken.calls.isEmpty
        part = ChoicePart(index: taken.index, job: taken.job)
        part.textOffset = taken.textOffset + taken.text.count
        return taken
    }

    /// The counts of all choices. A prompt is counted once, however many answers it has.
    static func usage(of choices: [AnswerChoice], perPrompt: Int) -> TokenUsage {
        choices.reduce(into: TokenUsage(promptTokens: 0, completionTokens: 0)) { sum, choice in
            guard let summary = choice.summary else { return }
            if choice.part.index % perPrompt == 0 { sum.promptTokens += summary.promptTokens }
            sum.completionTokens += summary.completionTokens
            sum.totalTokens = sum.promptTokens + sum.completionTokens
        }
    }
}
