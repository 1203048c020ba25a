// SPDX-License-Identifier: Apache-2.0

/// Why bytes are not an artefact that may be served, or why one could not be written.
package enum ArtefactError: Error, Equatable, CustomStringConvertible {
    /// The bytes do not begin with an artefact's signature.
    case notAnArtefact
    /// The file ends before something that it promises.
    case truncated(what: String, needed: UInt64, present: UInt64)
    /// Format, layout, byte order or processor class are not the ones that this program reads.
    case unsupported(what: String, found: UInt32, known: UInt32)
    /// A field holds a value outside its range.
    case invalidField(String, value: String, expected: String)
    /// Stored bytes differ from those that were written.
    case checksumMismatch(what: String)
    /// The kernel refused a write; the code is an errno value.
    case writeFailed(code: Int32)

    package var description: String {
        switch self {
        case .notAnArtefact:
            "the file is not a packed model; add the checkpoint again to pack it"
        case .truncated(let what, let needed, let present):
            "the packed model ends early: \(what) needs \(needed) bytes and \(present) are there; "
                + "add the model again"
        case .unsupported(let what, let found, let known):
            "the packed model has \(what) \(found) and this program reads \(known); add the model again"
        case .invalidField(let field, let value, let expected):
            "the packed model's \(field) is \(value), expected \(expected); add the model again"
        case .checksumMismatch(let what):
            "the packed model is damaged: the checksum of \(what) does not match; add the model again"
        case .writeFailed(let code):
            "the packed model could not be written (error \(code)); check free space and the disk"
        }
    }
}
