// SPDX-License-Identifier: Apache-2.0
internal import ClusterScheduler
internal import Hummingbird
internal import NIOCore
internal import OpenAIAPI
internal import ServingModel

/// Turns a job's events into server-sent events, at the reader's pace.
///
/// All tokens that have come by the time the reader took the last ones leave in one write. A reader that takes nothing
/// for too long, told by the job's clock, is given up and its connection closed.
struct AnswerStream: Sendable {
    let executor: JobExecutor
    let encoder: ChunkEncoder
    let includesUsage: Bool

    func run(_ first: [JobEvent], to writer: inout any ResponseBodyWriter) async throws {
        let output = StreamOutput(writer)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await write(first, to: output) }
                group.addTask {
                    _ = try await executor.job.stalls.take()
                    throw StalledReader()
                }
                defer { group.cancelAll() }
                try await group.next()
            }
        } catch {
            // Whatever stopped the writing, the job has no reader any more.
            await executor.close()
            throw error
        }
        try await writer.finish(nil)
    }

    private func write(_ first: [JobEvent], to output: StreamOutput) async throws {
        var bytes = ByteBuffer(bytes: encoder.role() ?? [])
        var events = first
        while true {
            var isOver = false
            for event in events {
                switch event {
                case .accepted: break
                case .part(.token(let token)):
                    if !token.text.isEmpty { bytes.writeBytes(encoder.text(token.text)) }
                case .part(.vector): break
                case .waiting: bytes.writeBytes(ServerSentEvents.keepAlive)
                case .finished(let summary):
                    finish(summary, &bytes)
                    isOver = true
                }
            }
            if bytes.readableBytes > 0 { try await output.writer.write(bytes) }
            if isOver { return }
            bytes.clear()
            do throws(JobFailure) {
                events = try await executor.next()
            } catch {
                guard !Task.isCancelled else { throw CancellationError() }
                // The status line is gone: the error is an event, and no [DONE] claims that the answer is whole.
                let event = ServerSentEvents.event(APIError(error).envelope.json)
                return try await output.writer.write(ByteBuffer(bytes: event))
            }
        }
    }

    private func finish(_ summary: JobSummary, _ bytes: inout ByteBuffer) {
        if !summary.rest.text.isEmpty { bytes.writeBytes(encoder.text(summary.rest.text)) }
        bytes.writeBytes(encoder.end(summary.reason))
        if includesUsage {
            let usage = TokenUsage(promptTokens: summary.promptTokens, completionTokens: summary.completionTokens)
            bytes.writeBytes(encoder.usage(usage))
        }
        bytes.writeBytes(ServerSentEvents.done)
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
}
