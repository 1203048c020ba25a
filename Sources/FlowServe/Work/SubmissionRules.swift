// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import ServingModel

/// The bounds that submissions of all kinds share and that do not need the tokens of a prompt. The gateway checks most
/// of them too; the engine checks what its arithmetic rests on by itself.
enum SubmissionRules {
    /// Checks what every submission has, whatever its work.
    static func check(_ submission: TaskSubmission, vocabularySize: Int) throws(TaskRefusal) {
        guard submission.generated.allSatisfy({ $0 >= 0 && $0 < vocabularySize }) else {
            throw TaskRefusal(
                .invalidRequest,
                "the answer to be continued has a token outside this model's vocabulary of \(vocabularySize)")
        }
    }

    /// Checks a prompt that is not read yet; one that is only looked at may be empty.
    static func check(_ prompt: Prompt, mayBeEmpty: Bool = false) throws(TaskRefusal) {
        switch prompt {
        case .chat(let conversation):
            guard !conversation.messages.isEmpty else {
                throw TaskRefusal(.invalidRequest, "the list of messages is empty; send at least one message")
            }
        case .text(let text, _):
            guard mayBeEmpty || !text.isEmpty else {
                throw TaskRefusal(.invalidRequest, "the prompt is empty; send some text to continue")
            }
        case .tokens: break  // Looked at with the vocabulary.
        }
    }
}
