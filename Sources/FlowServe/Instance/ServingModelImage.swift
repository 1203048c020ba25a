// SPDX-License-Identifier: Apache-2.0
package import Artefacts
internal import ChatTemplates
internal import Tokenization

/// A mapped model with everything verified that an instance needs of it: made once in a template, used by every child
/// that is forked from there. Making one starts no thread and copies no weights.
package struct ServingModelImage: Sendable {
    /// The mapped model.
    package let artefact: Artefact
    let tokenizer: Tokenizer
    /// Nil where the model has none.
    let template: ChatTemplate?

    /// Verifies the packed model in `bytes`, which stay mapped and unchanged for the life of the process.
    package init(mapping bytes: UnsafeRawBufferPointer) throws(ServingModelImageError) {
        let artefact = try Self.artefact(bytes)
        let tokenizer = try Self.tokenizer(artefact)
        // A model may have outputs that no token uses; the other way round a prompt would leave its tables.
        guard tokenizer.vocabularySize <= artefact.configuration.vocabularySize else {
            throw .vocabularySize(tokenizer: tokenizer.vocabularySize, model: artefact.configuration.vocabularySize)
        }
        self.artefact = artefact
        self.tokenizer = tokenizer
        template = try Self.template(artefact)
    }

    private static func artefact(_ bytes: UnsafeRawBufferPointer) throws(ServingModelImageError) -> Artefact {
        do throws(ArtefactError) {
            return try Artefact(verifying: bytes)
        } catch {
            throw .artefact(error)
        }
    }

    private static func tokenizer(_ artefact: Artefact) throws(ServingModelImageError) -> Tokenizer {
        do throws(TokenizerError) {
            return try Tokenizer(verifying: artefact.tokenizerTables)
        } catch {
            throw .tokenizer(error)
        }
    }

    private static func template(_ artefact: Artefact) throws(ServingModelImageError) -> ChatTemplate? {
        guard !artefact.chatTemplate.isEmpty else { return nil }
        do throws(ChatTemplateError) {
            return try ChatTemplate(verifying: artefact.chatTemplate)
        } catch {
            throw .template(error)
        }
    }
}
