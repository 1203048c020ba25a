// SPDX-License-Identifier: Apache-2.0
internal import Checkpoints

/// Gives the tensors of a folder the names and forms that GGUF files have.
struct HuggingFaceTensors {
    /// Tensors whose rows belong to heads that turn.
    private static let rotated = [".attn_q.", ".attn_k."]

    let names: HuggingFaceNames
    /// How rows of queries and keys are taken.
    let order: RowOrder

    /// Tensors by GGUF's names. One that the table does not know keeps its own, under which nobody will ask for it.
    func named(_ stored: [String: CheckpointTensor]) throws(PackError) -> [String: SourceTensor] {
        var tensors: [String: SourceTensor] = [:]
        var stacks: [String: [Int: CheckpointTensor]] = [:]
        for (name, tensor) in stored {
            let place = names.place(of: name)
            if let place, let number = place.number {
                stacks[place.name, default: [:]][number] = tensor
                continue
            }
            let ours = place?.name ?? name
            guard tensors.updateValue(formed(SourceTensor(tensor), ours), forKey: ours) == nil else {
                throw .inconsistent("tensor '\(name)' is there under two names")
            }
        }
        for (name, parts) in stacks {
            let ordered = (0..<parts.count).compactMap { parts[$0] }
            guard ordered.count == parts.count else {
                throw .inconsistent("of the tensors of '\(names.folderName(of: name))' some numbers are missing")
            }
            tensors[name] = formed(try SourceTensor(stacking: ordered, name: names.folderName(of: name)), name)
        }
        return tensors
    }

    private func formed(_ tensor: SourceTensor, _ name: String) -> SourceTensor {
        var tensor = tensor
        if Self.rotated.contains(where: name.contains) { tensor.rowOrder = order }
        if name.hasSuffix("norm.weight") { tensor.addend = names.normAddend }
        return tensor
    }
}
