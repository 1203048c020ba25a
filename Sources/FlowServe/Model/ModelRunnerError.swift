// SPDX-License-Identifier: Apache-2.0
package import LanguageModels

/// Why a model cannot be run.
package enum ModelRunnerError: Error, CustomStringConvertible, Equatable {
    /// The artefact is not a complete model of an architecture that is known.
    case model(LanguageModelError)
    /// The rank count is outside 1...1024.
    case rankCount(Int)
    /// The number of tokens of a step is outside 1...4096.
    case maxStepTokens(Int)
    /// The key and value memory does not hold one block, or is not aligned to 64 bytes.
    case keyValueMemory(bytes: Int, bytesPerBlock: Int)
    /// Memory for activations could not be mapped.
    case workspace(bytes: Int, errno: Int32)
    /// A rank's thread could not be started.
    case thread(rank: Int, errno: Int32)

    /// What was asked for, and what to change.
    package var description: String {
        switch self {
        case .model(let error):
            return error.description
        case .rankCount(let count):
            return "A model runs on 1 to 1024 ranks, not on \(count); set the instance's core count."
        case .maxStepTokens(let count):
            return "A step holds 1 to 4096 tokens, not \(count); set the instance's batch size."
        case .keyValueMemory(let bytes, let bytesPerBlock):
            return "The key and value memory of \(bytes) bytes must be aligned to 64 bytes and hold at least one block"
                + " of \(bytesPerBlock) bytes; give the instance a larger segment."
        case .workspace(let bytes, let errno):
            return "Mapping \(bytes) bytes for activations failed with errno \(errno); lower the tokens of a step or"
                + " raise the instance's memory limit."
        case .thread(let rank, let errno):
            return "Starting the thread of rank \(rank) failed with errno \(errno); check the instance's limits on"
                + " threads."
        }
    }
}
