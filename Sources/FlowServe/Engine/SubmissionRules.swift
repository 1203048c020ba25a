// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import ServingModel

/// The bounds on a submission that do not need its prompt's tokens. The gateway checks most of them too; the engine
/// trusts nobody with what its arithmetic rests on.
enum SubmissionRules {
    static func check(_ submission: TaskSubmission, vocabularySize: Int) throws(TaskRefusal) {
        try check(submission.prompt)
        try check(submission.sampling)
        guard submission.generated.allSatisfy({ $0 >= 0 && $0 < vocabularySize }) else {
            throw TaskRefusal(
                .invalidRequest,
                "the answer to be continued has a token outside this model's vocabulary of \(vocabularySize)")
        }
    }

    private static func check(_ prompt: Prompt) throws(TaskRefusal) {
        switch prompt {
        case .chat(let messages):
            guard !messages.isEmpty else {
                throw TaskRefusal(.invalidRequest, "the list of messages is empty; send at least one message")
            }
        case .text(let text, _):
            guard !text.isEmpty else {
                throw TaskRefusal(.invalidRequest, "the prompt is empty; send some text to continue")
            }
        }
    }

    private static func check(_ sampling: SamplingParameters) throws(TaskRefusal) {
        typealias Limits = SamplingParameters.Limits
        guard Limits.temperature.contains(sampling.temperature) else {
            throw TaskRefusal(.invalidRequest, "temperature is \(sampling.temperature); it must be between 0 and 2")
        }
        guard sampling.topK >= 0 else {
            throw TaskRefusal(.invalidRequest, "top_k is \(sampling.topK); it must be 0 (all tokens) or more")
        }
        if let maximum = sampling.maximumTokens, maximum < 1 {
            throw TaskRefusal(
                .invalidRequest, "the maximum number of tokens to generate is \(maximum); it must be at least 1")
        }
        guard sampling.stop.count <= Limits.stopStrings else {
            throw TaskRefusal(
                .invalidRequest,
                "there are \(sampling.stop.count) stop strings; at most \(Limits.stopStrings) are allowed")
        }
        for stop in sampling.stop {
            guard (1...Limits.stopBytes).contains(stop.utf8.count) else {
                throw TaskRefusal(
                    .invalidRequest,
                    "a stop string has \(stop.utf8.count) bytes; each must have 1 to \(Limits.stopBytes)")
            }
        }
    }
}
