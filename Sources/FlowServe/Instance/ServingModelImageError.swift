// SPDX-License-Identifier: Apache-2.0
package import Artefacts
package import ChatTemplates
package import Tokenization

/// Why a packed model cannot be served.
package enum ServingModelImageError: Error, CustomStringConvertible, Equatable {
    /// The file is damaged, or of another version.
    case artefact(ArtefactError)
    /// The tokenizer's tables are damaged.
    case tokenizer(TokenizerError)
    /// The chat template's program is damaged.
    case template(ChatTemplateError)
    /// The tokenizer has more tokens than the model has outputs.
    case vocabularySize(tokenizer: Int, model: Int)
    /// The weights do not make a model that can be run, or there was no memory to run it.
    case model(ModelRunnerError)
    /// Memory for the rehearsal could not be mapped.
    case rehearsalMemory(bytes: Int, errno: Int32)

    /// What is wrong with the model, and what to do.
    package var description: String {
        switch self {
        case .artefact(let error): error.description
        case .tokenizer(let error): error.description
        case .template(let error): error.description
        case .vocabularySize(let tokenizer, let model):
            "the packed tokenizer has \(tokenizer) tokens and the model only \(model); pack the checkpoint again"
        case .model(let error): error.description
        case .rehearsalMemory(let bytes, let errno):
            "mapping \(bytes) bytes to rehearse a step failed with errno \(errno); raise the template's memory limit"
        }
    }
}
