// SPDX-License-Identifier: Apache-2.0

/// The settings of a model under the names that GGUF files use for them, without the family's prefix: `block_count`,
/// `attention.head_count`. A setting that is absent is nil; one of another kind than asked for is an error.
protocol FamilyMetadata {
    func integer(ifPresent key: String) throws(PackError) -> Int?
    func float(ifPresent key: String) throws(PackError) -> Double?
    func string(_ key: String) throws(PackError) -> String?
    /// A list of truths, which may be written as numbers; nil also for a single number.
    func flags(ifPresent key: String) throws(PackError) -> [Bool]?
    func boolean(_ key: String) throws(PackError) -> Bool?

    /// The error for a setting that the model needs; it calls it by the name that it has in the checkpoint.
    func missing(_ key: String) -> PackError
}

extension FamilyMetadata {
    /// A count, or `standard` where the checkpoint has none; without that it has to be there.
    func integer(_ key: String, default standard: Int? = nil) throws(PackError) -> Int {
        guard let value = try integer(ifPresent: key) ?? standard else { throw missing(key) }
        return value
    }

    /// A number, likewise.
    func float(_ key: String, default standard: Double? = nil) throws(PackError) -> Double {
        guard let value = try float(ifPresent: key) ?? standard else { throw missing(key) }
        return value
    }
}
