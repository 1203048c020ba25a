// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// More of one choice, or all of it.
package struct ChoicePart: Hashable, Sendable {
    /// The choice's number, from 0.
    package var index: Int
    /// What is said.
    package var text = ""
    /// What the model thought before it answered.
    package var reasoning = ""
    /// Calls of tools, or more of one.
    package var calls: [ToolCallPiece] = []
    /// How likely the tokens were, where the client asked for it.
    package var logprobs: [TokenLogprob] = []
    /// Set with the last part.
    package var reason: FinishReason?
    /// Characters of the choice's text before this part.
    package var textOffset = 0
    /// What the identifiers of calls are made of: the choice's job.
    package var job: JobID

    /// An empty part of a choice.
    package init(index: Int, job: JobID) {
        self.index = index
        self.job = job
    }

    /// Nothing is in it that a client would see.
    package var isEmpty: Bool {
        text.isEmpty && reasoning.isEmpty && calls.isEmpty && logprobs.isEmpty && reason == nil
    }

    /// Adds a token.
    package mutating func add(_ token: GeneratedToken) {
        text += token.text
        if let extra = token.extra { add(extra) }
    }

    /// Adds what belongs to no token.
    package mutating func add(_ extra: TokenExtra) {
        reasoning += extra.reasoning
        if let logprob = extra.logprob { logprobs.append(logprob) }
        for piece in extra.calls {
            if let last = calls.last, last.call == piece.call, piece.name == nil {
                calls[calls.count - 1].arguments += piece.arguments
            } else {
                calls.append(piece)
            }
        }
    }

    /// OpenAI's word for the end; an answer that called tools ended for them.
    func wireReason(hasCalls: Bool) -> String? {
        guard let reason else { return nil }
        return reason == .stop && hasCalls ? "tool_calls" : reason.wireName
    }

    /// By which a client's result names a call: nine letters and digits, as the strictest templates want it.
    static func identifier(ofCall call: Int, in job: JobID) -> String {
        let letters = Array("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".unicodeScalars)
        // 62^7 jobs and 62^2 calls; a multiplication by an odd number spreads jobs that follow each other.
        var number = job.rawValue &* 0x9E37_79B9_7F4A_7C15
        var text = ""
        for _ in 0..<7 {
            text.unicodeScalars.append(letters[Int(number % 62)])
            number /= 62
        }
        text.unicodeScalars.append(letters[call / 62 % 62])
        text.unicodeScalars.append(letters[call % 62])
        return text
    }
}

extension FinishReason {
    /// OpenAI's word; a cancelled answer has none of its own there and is told as an error instead.
    package var wireName: String { rawValue }
}
