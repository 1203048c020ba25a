// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import Messages
internal import ServingModel

/// The kinds of work that an engine knows. A new kind is a folder beside the others and a case here, which the compiler
/// asks for.
enum WorkKinds {
    /// The work of a submission that keeps within the rules of its kind and fits into the model's context.
    static func work(of submission: TaskSubmission, in context: WorkContext) throws(TaskRefusal) -> any EngineWork {
        try SubmissionRules.check(submission, vocabularySize: context.configuration.vocabularySize)
        switch submission.work {
        case .answer(let prompt, let sampling): return try AnswerWork(submission, prompt, sampling, in: context)
        case .embedding(let inputs, let parameters):
            return try EmbeddingWork(submission, inputs, parameters, in: context)
        case .tokenization(let prompt): return try EchoWork(tokenizing: prompt, submission, in: context)
        case .detokenization(let tokens): return try EchoWork(detokenizing: tokens, submission, in: context)
        }
    }
}
