// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import Checkpoints

/// Settings that a GGUF file keeps under the name of its model's family, such as `llama.block_count`.
struct GGUFFamilyMetadata: FamilyMetadata {
    private let metadata: GGUFMetadata
    private let prefix: String

    /// The entries of one family.
    init(_ metadata: GGUFMetadata, of architecture: Architecture) {
        self.metadata = metadata
        prefix = architecture.name + "."
    }

    func integer(ifPresent key: String) throws(PackError) -> Int? {
        try packing(PackError.checkpoint) { () throws(CheckpointError) in try metadata.integer(prefix + key) }
    }

    func float(ifPresent key: String) throws(PackError) -> Double? {
        try packing(PackError.checkpoint) { () throws(CheckpointError) in try metadata.float(prefix + key) }
    }

    func string(_ key: String) throws(PackError) -> String? {
        try packing(PackError.checkpoint) { () throws(CheckpointError) in try metadata.string(prefix + key) }
    }

    func boolean(_ key: String) throws(PackError) -> Bool? {
        try packing(PackError.checkpoint) { () throws(CheckpointError) in try metadata.boolean(prefix + key) }
    }

    func flags(ifPresent key: String) throws(PackError) -> [Bool]? {
        try packing(PackError.checkpoint) { () throws(CheckpointError) in try metadata.flags(prefix + key) }
    }

    func missing(_ key: String) -> PackError {
        .checkpoint(.missingMetadata(key: prefix + key))
    }
}
