// SPDX-License-Identifier: Apache-2.0
package import Artefacts
internal import Tokenization

/// A mapped model with everything verified that an instance needs of it: made once in a template, used by every child
/// that is forked from there. Making one starts no thread and copies no weights.
package struct ServingModelImage: Sendable {
    /// The mapped model.
    package let artefact: Artefact
    let tokenizer: Tokenizer

    /// Verifies the packed model in `bytes`, which stay mapped and unchanged for the life of the process.
    package init(mapping bytes: UnsafeRawBufferPointer) throws(ServingModelImageError) {
        do throws(ArtefactError) { artefact = try Artefact(verifying: bytes) } catch { throw .artefact(error) }
        do throws(TokenizerError) {
            tokenizer = try Tokenizer(verifying: artefact.tokenizerTables)
        } catch {
            throw .tokenizer(error)
        }
    }
}
