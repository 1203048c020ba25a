// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// What follows a text.
package struct CompletionJob: AnswerPlan {
    package var prompt: Prompt
    package var sampling: SamplingParameters

    package init(prompt: Prompt, sampling: SamplingParameters) {
        self.prompt = prompt
        self.sampling = sampling
    }

    package var kind: JobKind { .completion }
    package var work: TaskWork { .answer(prompt, sampling) }
}
