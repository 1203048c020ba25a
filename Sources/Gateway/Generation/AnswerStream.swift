// SPDX-License-Identifier: Apache-2.0
internal import ClusterScheduler
internal import HummingbirdCore
internal import NIOCore
internal import OpenAIAPI
internal import ServingModel

/// Turns the replies of an answer's jobs into server-sent events, at the client's pace.
///
/// All tokens of all choices that have come by the time the client took the last ones leave in one write. A client that
/// takes nothing for too long, told by the reader's clock, is given up and its connection closed.
struct AnswerStream: Sendable {
    /// Follows one job for each choice.
    let reader: JobReader
    let encoder: ChunkEncoder
    let request: GenerationRequest

    func run(to writer: inout any ResponseBodyWriter) async throws {
        // Whatever ends the writing, the jobs have no reader any more.
        defer { reader.detach() }
        let output = StreamOutput(writer)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await write(to: output) }
            group.addTask {
                try await reader.untilStalled()
                throw StalledReader()
            }
            defer { group.cancelAll() }
            try await group.next()
        }
        try await writer.finish(nil)
    }

    private func write(to output: StreamOutput) async throws {
        var choices = reader.jobs.indices.map { AnswerChoice($0, request, job: reader.jobs[$0].id) }
        var opening = JSONText()
        for index in choices.indices { encoder.appendRole(ofChoice: index, to: &opening) }
        try await output.write(opening)
        do {
            while let text = try await next(&choices) { try await output.write(text) }
        } catch let failure as JobFailure {
            guard !Task.isCancelled else { throw CancellationError() }
            // The status line is gone: the error is an event, and no [DONE] claims that the answer is whole.
            let event = ServerSentEvents.event(APIError(failure).envelope.json)
            return try await output.writer.write(ByteBuffer(bytes: event))
        }
        try await output.write(end(choices))
    }

    /// What is to be written next; nil at the end.
    private func next(_ choices: inout [AnswerChoice]) async throws(JobFailure) -> JSONText? {
        var text = JSONText()
        switch try await reader.next() {
        case .over: return nil
        case .quiet: text.append(raw: ServerSentEvents.keepAlive)
        case .replies(let replies):
            for reply in replies { encode(reply, of: &choices[reply.position], to: &text) }
        }
        return text
    }

    /// What a reply tells, token by token.
    private func encode(_ reply: JobReply, of choice: inout AnswerChoice, to text: inout JSONText) {
        for part in reply.parts {
            choice.add(part)
            if choice.part.isEmpty { continue }
            // Whether tools were called before these.
            let hadCalls = choice.hasCalls
            encoder.append(choice.takePart(), hasCalls: hadCalls, to: &text)
        }
        guard let summary = reply.summary else { return }
        // What became certain only at the end is a token's like any other; the end itself says nothing else.
        choice.end(summary)
        let hadCalls = choice.hasCalls
        var rest = choice.takePart()
        let reason = rest.reason.take()
        if !rest.isEmpty { encoder.append(rest, hasCalls: hadCalls, to: &text) }
        var end = choice.takePart()
        end.reason = reason
        encoder.append(end, hasCalls: choice.hasCalls, to: &text)
    }

    private func end(_ choices: [AnswerChoice]) -> JSONText {
        var text = JSONText()
        if request.includesUsage {
            encoder.append(AnswerChoice.usage(of: choices, perPrompt: request.choicesPerPrompt), to: &text)
        }
        text.append(raw: ServerSentEvents.done)
        return text
    }
}

/// The client took nothing for too long. Closes the connection; nobody is left to read a message.
private struct StalledReader: Error {}

/// Lends the connection's writer to the one task that writes, so that a write that hangs can be cancelled.
///
/// Unchecked, since the protocol of writers does not say that they may change threads, which the server's own do with
/// every suspension; only one task uses it, and its owner waits for that task.
private final class StreamOutput: @unchecked Sendable {
    var writer: any ResponseBodyWriter

    init(_ writer: any ResponseBodyWriter) {
        self.writer = writer
    }

    /// Writes what there is, in one piece.
    func write(_ text: JSONText) async throws {
        guard !text.bytes.isEmpty else { return }
        try await writer.write(ByteBuffer(bytes: text.bytes))
    }
}
