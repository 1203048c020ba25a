// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// The vectors of some inputs, one job for all inputs of a request.
package struct EmbeddingJob: JobPlan {
    package var work: TaskWork

    package init(inputs: [Prompt], parameters: EmbeddingParameters) {
        work = .embedding(inputs, parameters)
    }

    package var kind: JobKind { .embedding }
}
