// SPDX-License-Identifier: Apache-2.0
internal import ClusterScheduler
internal import HummingbirdCore
internal import NIOCore
internal import OpenAIAPI
internal import ServingModel

/// Turns the events of an answer's jobs into server-sent events, at the reader's pace.
///
/// All tokens that have come by the time the reader took the last ones leave in one write. A reader that takes nothing
/// for too long, told by a job's clock, is given up and its connection closed.
struct AnswerStream: Sendable {
    /// One for each choice.
    let executors: [JobExecutor]
    let encoder: ChunkEncoder
    let request: GenerationRequest

    func run(_ first: [[JobEvent]], to writer: inout any ResponseBodyWriter) async throws {
        let output = StreamOutput(writer)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await write(first, to: output) }
                for executor in executors {
                    group.addTask {
                        _ = try await executor.job.stalls.take()
                        throw StalledReader()
                    }
                }
                defer { group.cancelAll() }
                try await group.next()
            }
        } catch {
            // Whatever stopped the writing, the jobs have no reader any more.
            for executor in executors { await executor.close() }
            throw error
        }
        try await writer.finish(nil)
    }

    private func write(_ first: [[JobEvent]], to output: StreamOutput) async throws {
        var opening = JSONText()
        for index in executors.indices { encoder.appendRole(ofChoice: index, to: &opening) }
        try await output.write(opening)
        do {
            try await withThrowingTaskGroup(of: (Int, [JobEvent]).self) { group in
                var choices = executors.indices.map { AnswerChoice($0, request, executors[$0]) }
                for (index, events) in first.enumerated() { group.addTask { (index, events) } }
                while let (index, events) = try await group.next() {
                    let isOver = try await write(events, of: &choices[index], to: output)
                    if !isOver { group.addTask { (index, try await executors[index].next()) } }
                }
                try await output.write(end(choices))
            }
        } catch let failure as JobFailure {
            guard !Task.isCancelled else { throw CancellationError() }
            for executor in executors { await executor.close() }
            // The status line is gone: the error is an event, and no [DONE] claims that the answer is whole.
            let event = ServerSentEvents.event(APIError(failure).envelope.json)
            try await output.writer.write(ByteBuffer(bytes: event))
        }
    }

    /// Writes what events of a choice tell, token by token; true where they end it.
    private func write(
        _ events: [JobEvent], of choice: inout AnswerChoice, to output: StreamOutput
    ) async throws -> Bool {
        var text = JSONText()
        for event in events where choice.summary == nil {
            if event == .waiting { text.append(raw: ServerSentEvents.keepAlive) }
            choice.take(event)
            if choice.part.isEmpty { continue }
            // What became certain only at the end is a token's like any other; the end itself says nothing else.
            let hadCalls = choice.hasCalls
            var part = choice.takePart()
            let reason = part.reason.take()
            if !part.isEmpty { encoder.append(part, hasCalls: hadCalls, to: &text) }
            guard let reason else { continue }
            var end = choice.takePart()
            end.reason = reason
            encoder.append(end, hasCalls: choice.hasCalls, to: &text)
        }
        try await output.write(text)
        return choice.summary != nil
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

/// The reader took nothing for too long. Closes the connection; nobody is left to read a message.
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
