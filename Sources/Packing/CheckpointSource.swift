// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import ServingModel
internal import Tokenization

/// A checkpoint as packing sees it, whatever files it came in. Settings and tensors have the names that GGUF files give
/// them, and tensors the forms that those have, so that a family is described once.
protocol CheckpointSource {
    /// The model's family.
    var architecture: Architecture { get }
    /// What the model calls itself.
    var name: String? { get }
    /// The model's settings.
    var metadata: any FamilyMetadata { get }
    /// All tensors by their names, `blk.0.attn_q.weight`. One that is not known keeps the name that it has in the files.
    var tensors: [String: SourceTensor] { get }

    /// The tokens and how text becomes some.
    func vocabulary() throws(PackError) -> Vocabulary

    /// The source of the chat template; nil where the checkpoint has none.
    func chatTemplate() throws(PackError) -> String?

    /// How its makers want tokens chosen; empty where the checkpoint says nothing.
    func samplingDefaults() throws(PackError) -> SamplingDefaults

    /// The error for a tensor that the model needs; it calls it by the name that it would have in the files.
    func missingTensor(_ name: String) -> PackError
}

extension CheckpointSource {
    /// Number of all weights.
    func parameterCount() throws(PackError) -> UInt64 {
        var count: UInt64 = 0
        for tensor in tensors.values where !tensor.isComputed {
            let (sum, overflow) = count.addingReportingOverflow(UInt64(tensor.elementCount))
            guard !overflow else { throw .inconsistent("its tensors are larger than any memory") }
            count = sum
        }
        return count
    }
}
