// SPDX-License-Identifier: Apache-2.0
package import Artefacts
package import ServingModel

/// The forward pass of a model, from token ids to logits or hidden states, as a program for ranks.
///
/// It owns its activations and uses the artefact's weights where they lie; keys and values live in memory that the
/// caller gives. Logits are the same bits whatever else is in the step, however a prompt was cut into steps, and for
/// any number of ranks.
package protocol ForwardPass: StepProgram {
    /// Where keys and values lie.
    var geometry: KVLayout { get }

    /// Ranks that work is cut for; a matter of speed alone.
    var rankCount: Int { get set }

    /// Takes other memory for keys and values, aligned to 64 bytes, in which they lie as `geometry` says. Blocks that
    /// an input names must lie inside. Between steps only.
    func useKeyValueMemory(_ memory: UnsafeMutableRawPointer, _ geometry: KVLayout)

    /// Sets what the next step computes. Called by one thread while no rank runs.
    func prepare(_ input: StepInput)

    /// Gives the activations' memory back to the kernel; logits of the last step are lost. Between steps only.
    func releaseActivations()

    /// The logits of a sampled token of the last step, one for each token of the vocabulary.
    func logits(ofSampled index: Int) -> UnsafeMutableBufferPointer<Float>

    /// What the model makes of a pooled token of the last step, normed, before any matrix to logits: [hidden]. The same
    /// bits for every batch and cut.
    func hiddenState(ofPooled index: Int) -> UnsafeBufferPointer<Float>

    /// Whether a token sees those behind it, so that a text must be computed in one step.
    var needsWholeTexts: Bool { get }

    /// Whether there are logits to sample from; an encoder has only hidden states.
    var hasLogits: Bool { get }
}

/// The architectures that can be run; each is one folder.
package enum LanguageModel {
    /// The forward pass of a packed model for steps of at most `maxStepTokens` tokens.
    ///
    /// Checks that every tensor is there in its right shape. Memory for activations is mapped and costs nothing until
    /// tokens use it. The artefact's bytes must stay mapped as long as the pass is used.
    package static func forwardPass(
        of artefact: Artefact, maxStepTokens: Int, keyValueMemory: UnsafeMutableRawPointer,
        keyValueType: KeyValueType? = nil
    ) throws(LanguageModelError) -> any ForwardPass {
        try TransformerForwardPass(
            model: try TransformerModel(artefact: artefact), maxStepTokens: maxStepTokens,
            keyValueMemory: keyValueMemory,
            keyValueType: keyValueType)
    }
}
