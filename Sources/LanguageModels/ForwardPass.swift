// SPDX-License-Identifier: Apache-2.0
package import Artefacts

/// The forward pass of a decoder, from token ids to logits, as a program for ranks.
///
/// It owns its activations and uses the artefact's weights where they lie; keys and values live in memory that the
/// caller gives. Logits are the same bits whatever else is in the step, however a prompt was cut into steps, and for
/// any number of ranks.
package protocol ForwardPass: StepProgram {
    /// Where keys and values lie.
    var geometry: KVGeometry { get }

    /// Ranks that work is cut for; a matter of speed alone.
    var rankCount: Int { get set }

    /// First byte of the key and value memory, aligned to 64 bytes. Blocks that an input names must lie inside.
    var keyValueMemory: UnsafeMutableRawPointer { get set }

    /// Sets what the next step computes. Called by one thread while no rank runs.
    func prepare(_ input: StepInput)

    /// Gives the activations' memory back to the kernel; logits of the last step are lost. Between steps only.
    func releaseActivations()

    /// The logits of a sampled row of the last step, one for each token of the vocabulary.
    func logits(ofSampled index: Int) -> UnsafeMutableBufferPointer<Float>
}

/// The architectures that can be run; each is one folder.
package enum LanguageModel {
    /// The forward pass of a packed model for steps of at most `maximumRows` rows.
    ///
    /// Checks that every tensor is there in its right shape. Memory for activations is mapped and costs nothing until
    /// rows use it. The artefact's bytes must stay mapped as long as the pass is used.
    package static func forwardPass(
        of artefact: Artefact, maximumRows: Int, keyValueMemory: UnsafeMutableRawPointer
    ) throws(LanguageModelError) -> any ForwardPass {
        let model = try TransformerModel(artefact: artefact, family: family(of: artefact.configuration.architecture))
        return try TransformerForwardPass(model: model, maximumRows: maximumRows, keyValueMemory: keyValueMemory)
    }

    static func family(of architecture: Architecture) -> any TransformerFamily.Type {
        switch architecture {
        case .llama: LlamaFamily.self
        case .qwen2: Qwen2Family.self
        case .qwen3: Qwen3Family.self
        }
    }
}
