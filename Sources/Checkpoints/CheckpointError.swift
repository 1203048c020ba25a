// SPDX-License-Identifier: Apache-2.0

/// Why a file is not a checkpoint that can be read. Every case names the field that was wrong.
package enum CheckpointError: Error, Equatable, CustomStringConvertible {
    /// The file is of another kind.
    case notGGUF
    /// A version or byte order that is not read.
    case unsupportedVersion(String)
    /// The file ends inside a field.
    case truncated(field: String)
    /// A field's value is impossible.
    case invalidField(String, problem: String)
    /// A metadata value that a model needs is missing.
    case missingMetadata(key: String)
    /// A metadata value has another type than its meaning asks for.
    case wrongMetadataType(key: String, expected: String)
    /// A tensor's numbers are stored in a way that is not read.
    case unsupportedTensorType(tensor: String, type: String, known: String)

    /// A file of a checkpoint of several (the first is number 0) that came with a wrong number of others.
    case wrongPart(number: Int, count: Int, present: Int)

    package var description: String {
        switch self {
        case .notGGUF:
            "the file is not a GGUF checkpoint; give a file that ends in .gguf"
        case .unsupportedVersion(let version):
            "the checkpoint is \(version), which is not read; convert it to GGUF version 3, little-endian"
        case .truncated(let field):
            "the checkpoint ends inside \(field); fetch it again, the download may be incomplete"
        case .invalidField(let field, let problem):
            "the checkpoint's \(field) \(problem); fetch it again or convert it anew"
        case .missingMetadata(let key):
            "the checkpoint lacks the metadata '\(key)', which this kind of model needs; convert it anew"
        case .wrongMetadataType(let key, let expected):
            "the checkpoint's metadata '\(key)' is not \(expected); convert it anew"
        case .wrongPart(let number, let count, let present):
            "the file is number \(number) (from 0) of a checkpoint of \(count) files, and \(present) came; have all of them in "
                + "one folder under the names that they were fetched with, and name that folder"
        case .unsupportedTensorType(let tensor, let type, let known):
            "tensor '\(tensor)' is stored as \(type), which is not read; known are \(known): convert the checkpoint "
                + "to one of these"
        }
    }
}
