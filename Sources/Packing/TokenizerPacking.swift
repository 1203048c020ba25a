// SPDX-License-Identifier: Apache-2.0
internal import Checkpoints
internal import Tokenization

/// The tokenizer's section of an artefact alone, for who wants to try a tokenizer without its model.
package enum TokenizerPacking {
    /// From a `tokenizer.json`.
    package static func section(tokenizerFile: UnsafeRawBufferPointer) throws -> [UInt8] {
        try TokenizerBuilder.section(for: TokenizerFile(tokenizerFile).vocabulary())
    }

    /// From the metadata of a GGUF file.
    package static func section(gguf: UnsafeRawBufferPointer) throws -> [UInt8] {
        try TokenizerBuilder.section(for: VocabularyReading(GGUFFile(gguf).metadata).vocabulary())
    }
}
