// SPDX-License-Identifier: Apache-2.0

/// Why a vocabulary cannot become tokenizer tables, or why stored tables cannot be used.
package enum TokenizerError: Error, Equatable, CustomStringConvertible {
    /// Stored tables contradict themselves or their size.
    case damagedTables(field: String)
    /// The tables were written for another version of this program.
    case unsupportedVersion(found: UInt32, known: UInt32)
    /// The checkpoint names a pre-tokenizer that is not built in.
    case unknownPreTokenizer(name: String, known: [String])
    /// The checkpoint splits text by a regular expression that is wrong, or uses what is not built in.
    case unsupportedPattern(String, problem: String, offset: Int)
    /// A part of the vocabulary does not fit the rest.
    case inconsistentVocabulary(String)
    /// A part of the vocabulary is larger than any real one.
    case tooLarge(what: String, count: Int, limit: Int)

    /// What is wrong in words.
    package var description: String {
        switch self {
        case .damagedTables(let field):
            "the packed tokenizer's \(field) is damaged; add the model again"
        case .unsupportedVersion(let found, let known):
            "the packed tokenizer has version \(found) and this program reads \(known); add the model again"
        case .unknownPreTokenizer(let name, let known):
            "the tokenizer splits text by the rules of '\(name)', which are not known here; "
                + "known are \(known.joined(separator: ", "))"
        case .unsupportedPattern(let expression, let problem, let offset):
            "the tokenizer splits text by '\(expression)', which has \(problem) at character \(offset)"
        case .inconsistentVocabulary(let problem):
            "the tokenizer's vocabulary is inconsistent: \(problem)"
        case .tooLarge(let what, let count, let limit):
            "the tokenizer has \(count) \(what), more than the \(limit) that are allowed"
        }
    }
}
