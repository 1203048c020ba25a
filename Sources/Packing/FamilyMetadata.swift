// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import Checkpoints

/// Reads the metadata that a file keeps under the name of its model's family, such as `llama.block_count`.
struct FamilyMetadata {
    private let metadata: GGUFMetadata
    private let prefix: String

    /// The entries of one family.
    init(_ metadata: GGUFMetadata, of architecture: Architecture) {
        self.metadata = metadata
        prefix = architecture.name + "."
    }

    /// A count, or `missing` where the file has none; without that it has to be there.
    func integer(_ key: String, default missing: Int? = nil) throws(PackError) -> Int {
        let key = prefix + key
        return try packing(PackError.checkpoint) { () throws(CheckpointError) in
            guard let value = try metadata.integer(key) ?? missing else { throw .missingMetadata(key: key) }
            return value
        }
    }

    /// A number, likewise.
    func float(_ key: String, default missing: Double? = nil) throws(PackError) -> Double {
        let key = prefix + key
        return try packing(PackError.checkpoint) { () throws(CheckpointError) in
            guard let value = try metadata.float(key) ?? missing else { throw .missingMetadata(key: key) }
            return value
        }
    }

    /// A text; nil where the file has none.
    func string(_ key: String) throws(PackError) -> String? {
        let key = prefix + key
        return try packing(PackError.checkpoint) { () throws(CheckpointError) in try metadata.string(key) }
    }
}
