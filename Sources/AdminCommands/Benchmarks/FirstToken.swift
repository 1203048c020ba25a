// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import LinuxKernel
internal import NIOCore
internal import ServingModel
internal import UnixHTTP

/// Asks for a few tokens as a client does and looks at the clock.
struct FirstToken: Sendable {
    private static let longestEvent = 1 << 20

    let scheduler: AdminServer
    let model: ModelName

    /// Sends `prompt` as it stands and reads the whole answer of `tokens` tokens.
    ///
    /// - Returns: microseconds from before the request was sent until its first token was here.
    func ask(_ prompt: String, tokens: Int = 1) async throws(CommandError) -> Int {
        try await answer(prompt, tokens: tokens).firstMicroseconds
    }

    /// The same with the time of every event of the answer.
    func answer(_ prompt: String, tokens: Int) async throws(CommandError) -> TimedAnswer {
        var request = AnswerRequest(model: model.text)
        request.prompt = prompt
        request.maximumTokens = tokens
        request.temperature = 0
        request.ignoresEndOfSequence = true
        guard let body = try? JSONEncoder().encode(request) else { throw .failed("the request cannot be encoded") }
        let begin = MonotonicTime.now
        let response = try await scheduler.send(
            .post, "/v1/completions", headers: ["content-type": "application/json"], body: .bytes(body))
        var arrivals: [MonotonicTime] = []
        var (promptTokens, completionTokens, isComplete) = (0, 0, false)
        do {
            for try await line in response.lines(upTo: Self.longestEvent) {
                guard let part = try AnswerEvents.part(of: line.readableBytesView) else { continue }
                if part.completionTokens == nil, part.finishReason == nil || arrivals.isEmpty { arrivals.append(.now) }
                promptTokens = part.promptTokens ?? promptTokens
                completionTokens = part.completionTokens ?? completionTokens
                isComplete = isComplete || part.finishReason != nil
            }
        } catch {
            throw AdminServer.explain(error)
        }
        guard !arrivals.isEmpty, isComplete else { throw .tryAgain("an answer broke off; see the server's log") }
        return TimedAnswer(
            begin: begin, arrivals: arrivals, promptTokens: promptTokens, completionTokens: completionTokens)
    }
}

/// When the parts of an answer came.
struct TimedAnswer: Sendable {
    let begin: MonotonicTime
    /// At least one; the parts of one packet have nearly the same time.
    let arrivals: [MonotonicTime]
    let promptTokens: Int
    let completionTokens: Int

    var firstMicroseconds: Int { arrivals[0].microseconds(since: begin) }
    var end: MonotonicTime { arrivals[arrivals.count - 1] }
    /// Microseconds between neighbours.
    var gaps: [Int] { zip(arrivals.dropFirst(), arrivals).map { $0.microseconds(since: $1) } }
}
