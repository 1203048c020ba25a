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
    /// Follows the choices' jobs, by their indices.
    let reader: JobReader
    private let id: String
    private let created: Int

    /// An answer that is asked for at `moment`, in seconds since 1970.
    init(request: GenerationRequest, reader: JobReader, moment: Int) {
        self.request = request
        created = moment
        self.reader = reader
        let number = reader.jobs[0].id.description.dropFirst(JobSubject.prefix.count + 1)
        id = (request.kind == .chat ? "chatcmpl-" : "cmpl-") + number
    }

    /// The answer in one piece, when it is whole.
    func whole() async throws -> Response {
        var choices = reader.jobs.indices.map { AnswerChoice($0, request, job: reader.jobs[$0].id) }
        while choices.contains(where: { $0.summary == nil }) {
            for reply in try await reader.nextReplies() {
                for part in reply.parts { choices[reply.position].add(part) }
                if let summary = reply.summary { choices[reply.position].end(summary) }
            }
        }
        let answer = WholeAnswer(
            kind: request.kind, id: id, created: created, model: request.model, choices: choices.map(\.part),
            usage: AnswerChoice.usage(of: choices, perPrompt: request.choicesPerPrompt))
        return JSONResponse.make(json: answer.json, job: reader.jobs[0].id)
    }

    /// The answer as it is made.
    func stream() -> Response {
        var headers = HTTPFields([HTTPField(name: .contentType, value: ServerSentEvents.contentType)])
        headers[.cacheControl] = "no-cache"
        headers[JobHeader.name] = reader.jobs[0].id.description
        let encoder = ChunkEncoder(
            kind: request.kind, id: id, created: created, model: request.model, includesUsage: request.includesUsage)
        let stream = AnswerStream(reader: reader, encoder: encoder, request: request)
        return Response(
            status: .ok, headers: headers, body: ResponseBody { writer in try await stream.run(to: &writer) })
    }
}

/// What is known of one choice while it comes.
struct AnswerChoice: Sendable {
    /// What was not given out yet.
    private(set) var part: ChoicePart
    /// Set at the end.
    private(set) var summary: JobSummary?
    /// Tools were called in parts that were given out.
    private(set) var hasCalls = false

    init(_ index: Int, _ request: GenerationRequest, job: JobID) {
        part = ChoicePart(index: index, job: job)
        part.text = request.echo(ofChoice: index)
    }

    /// Adds a part of the reply; an answer has tokens alone.
    mutating func add(_ reply: ReplyPart) {
        if case .token(let token) = reply { part.add(token) }
    }

    /// Adds what the end tells.
    mutating func end(_ summary: JobSummary) {
        part.text += summary.rest.text
        if let extra = summary.rest.extra { part.add(extra) }
        part.reason = summary.reason
        self.summary = summary
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
