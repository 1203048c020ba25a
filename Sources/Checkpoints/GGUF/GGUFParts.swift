// SPDX-License-Identifier: Apache-2.0

/// A model in GGUF: one file, or all parts of one that was split, in any order. The bytes must stay mapped.
///
/// Each part is a whole GGUF file that says which one it is and of how many; the first has the model's metadata.
package struct GGUFParts {
    /// Everything that is not a tensor.
    package let metadata: GGUFMetadata
    /// The tensors of all parts; their names are unique.
    package let tensors: [CheckpointTensor]

    /// Reads and checks everything but the numbers of the tensors.
    package init(_ parts: [UnsafeRawBufferPointer]) throws(CheckpointError) {
        var files: [GGUFFile] = []
        for bytes in parts { files.append(try GGUFFile(bytes)) }
        let ordered = try Self.ordered(files)
        guard let first = ordered.first else { throw .notGGUF }
        var tensors: [CheckpointTensor] = []
        var names: Set<String> = []
        for tensor in ordered.flatMap(\.tensors) {
            guard names.insert(tensor.name).inserted else {
                throw .invalidField("tensor '\(tensor.name)'", problem: "is in two of its files")
            }
            tensors.append(tensor)
        }
        if let total = try first.metadata.integer("split.tensors.count"), files.count > 1, total != tensors.count {
            throw .invalidField("split.tensors.count", problem: "is \(total), and its files have \(tensors.count)")
        }
        metadata = first.metadata
        self.tensors = tensors
    }

    /// The files in their order; all of them have to be there, once each.
    private static func ordered(_ files: [GGUFFile]) throws(CheckpointError) -> [GGUFFile] {
        var places: [Int: GGUFFile] = [:]
        for file in files {
            let count = try file.metadata.integer("split.count") ?? 1
            let number = try file.metadata.integer("split.no") ?? 0
            guard count == files.count || (files.count == 1 && count < 1) else {
                throw .wrongPart(number: number, count: count, present: files.count)
            }
            guard (0..<files.count).contains(number), places.updateValue(file, forKey: number) == nil else {
                throw .invalidField("split.no", problem: "is \(number) in one of \(files.count) files, or in two")
            }
        }
        return places.sorted { $0.key < $1.key }.map(\.value)
    }
}
