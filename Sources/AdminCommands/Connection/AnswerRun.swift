// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import Messages
internal import NIOCore
internal import ServingModel
internal import UnixHTTP

/// One question to the scheduler, its streamed answer and its record.
struct AnswerRun: Sendable {
    private static let longestEvent = 1 << 20
    /// The record is final a moment after the last token; asked that often, that many milliseconds apart.
    private static let recordAttempts = 40
    private static let recordPause = 25

    let server: AdminServer
    let isRaw: Bool

    /// Prints the answer as it comes and returns the report on it.
    func ask(
        _ request: AnswerRequest, _ printer: AnswerPrinter, withPhases: Bool
    ) async throws(CommandError) -> AnswerReport {
        let response = try await server.send(
            .post, isRaw ? SchedulerRoutes.completions : SchedulerRoutes.chatCompletions,
            headers: ["content-type": "application/json"], body: .bytes(try encode(request)))
        var report = AnswerReport(model: request.model, job: response.header(SchedulerRoutes.jobHeader))
        var printer = printer
        defer { printer.finish() }
        do {
            for try await line in response.lines(upTo: Self.longestEvent) {
                guard let part = try AnswerEvents.part(of: line.readableBytesView) else { continue }
                printer.print(part)
                report.add(part)
            }
        } catch {
            throw AdminServer.explain(error)
        }
        // A cancelled body just ends.
        if Task.isCancelled { throw .interrupted }
        guard report.finishReason != nil else {
            throw .tryAgain(
                "the server closed before the answer was complete: send the request again "
                    + "(deepflow job list may say why)")
        }
        if withPhases { report.phases = try await phases(of: report.job) }
        return report
    }

    private func encode(_ request: AnswerRequest) throws(CommandError) -> Data {
        do {
            return try JSONEncoder().encode(request)
        } catch {
            throw .usage("the request cannot be written as JSON: \(error)")
        }
    }

    private func phases(of job: String?) async throws(CommandError) -> RequestPhases? {
        guard let job else { return nil }
        var record: JobRecord = try await server.get(SchedulerRoutes.job(job))
        for _ in 0..<Self.recordAttempts where !record.status.isFinal {
            do {
                try await Task.sleep(for: .milliseconds(Self.recordPause))
            } catch {
                throw .interrupted
            }
            record = try await server.get(SchedulerRoutes.job(job))
        }
        return record.phases
    }
}
