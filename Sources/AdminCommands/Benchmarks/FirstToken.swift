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
        var request = AnswerRequest(model: model.text)
        request.prompt = prompt
        request.maximumTokens = tokens
        request.temperature = 0
        request.ignoresEndOfSequence = true
        guard let body = try? JSONEncoder().encode(request) else { throw .failed("the request cannot be encoded") }
        let begin = MonotonicTime.now
        let response = try await scheduler.send(
            .post, "/v1/completions", headers: ["content-type": "application/json"], body: .bytes(body))
        var first: MonotonicTime?
        var isComplete = false
        do {
            for try await line in response.lines(upTo: Self.longestEvent) {
                guard let part = try AnswerStream.part(of: line.readableBytesView) else { continue }
                if first == nil { first = .now }
                isComplete = isComplete || part.finishReason != nil
            }
        } catch {
            throw AdminServer.explain(error)
        }
        guard let first, isComplete else { throw .tryAgain("an answer broke off; see the server's log") }
        return first.microseconds(since: begin)
    }
}
