// SPDX-License-Identifier: Apache-2.0

/// The kinds of tokenizers that GGUF files name, with what each of them implies.
package enum TokenizerFamily: String, Sendable, CaseIterable {
    /// Byte-level pairs.
    case gpt2
    /// SentencePiece pairs by score, with byte fallback.
    case llama
    /// SentencePiece unigram.
    case t5
    /// WordPiece.
    case bert

    /// What a file says beyond its tokens.
    package struct Settings: Sendable {
        /// `add_space_prefix`, where the file has it.
        package var addsSpacePrefix: Bool?
        /// `remove_extra_whitespaces`, where the file has it.
        package var removesExtraSpaces: Bool?
        /// `precompiled_charsmap`, where the file has it.
        package var characterMap: [UInt8] = []

        /// Settings of a file that says nothing.
        package init() {}
    }

    /// Whether plain texts of this family begin with the begin token unless the file says otherwise.
    package var addsBegin: Bool { self == .llama || self == .bert }

    /// Whether plain texts of this family end with the closing token unless the file says otherwise.
    package var addsEnd: Bool { self == .t5 || self == .bert }

    /// Sets what the family implies; the rest of the vocabulary stays as it is.
    package func configure(_ vocabulary: inout Vocabulary, _ settings: Settings) {
        let spaces = NormalizerStep.replace(Array("\u{2581}".utf8), with: [UInt8(ascii: " ")])
        switch self {
        case .gpt2:
            break
        case .llama:
            vocabulary.model = .sentencePairs
            vocabulary.preTokenizer = .whole
            vocabulary.spacePrefix = settings.addsSpacePrefix ?? true ? .always : .never
            vocabulary.steps = [spaces]
        case .t5:
            vocabulary.model = .unigram
            vocabulary.preTokenizer = .whole
            vocabulary.fusesUnknown = true
            let mergesSpaces = settings.removesExtraSpaces ?? false
            vocabulary.spacePrefix = settings.addsSpacePrefix ?? true || mergesSpaces ? .always : .never
            vocabulary.steps = settings.characterMap.isEmpty ? [] : [.characterMap(settings.characterMap)]
            vocabulary.steps += mergesSpaces ? [.mergeSpaces, spaces] : [spaces]
        case .bert:
            vocabulary.model = .wordPiece
            vocabulary.steps = [.baseCharacters, .stripMarks, .cleanControls, .lowercase]
        }
    }
}
