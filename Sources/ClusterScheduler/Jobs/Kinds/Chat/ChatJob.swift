// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// The next message of a conversation.
package struct ChatJob: AnswerPlan {
    package var prompt: Prompt
    package var sampling: SamplingParameters

    package init(prompt: Prompt, sampling: SamplingParameters) {
        self.prompt = prompt
        self.sampling = sampling
    }

    package var kind: JobKind { .chat }
    package var work: TaskWork { .answer(prompt, sampling) }
}
