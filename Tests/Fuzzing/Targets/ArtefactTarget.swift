// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import ChatTemplates
internal import LanguageModels
internal import Tokenization

extension FuzzTarget {
    /// The verifier of artefacts, and what templates do with one that passed it. Inputs get a fresh checksum first,
    /// which chance would not hit.
    static let artefact = FuzzTarget("artefact", longest: 1 << 16) { bytes in
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
        defer { memory.deallocate() }
        memory.copyMemory(from: bytes)
        read(UnsafeRawBufferPointer(memory))
        Artefact.renewChecksum(of: memory)
        read(UnsafeRawBufferPointer(memory))
    }

    private static func read(_ bytes: UnsafeRawBufferPointer) {
        guard let artefact = try? Artefact(verifying: bytes) else { return }
        _ = try? artefact.verifyContents()
        _ = try? Tokenizer(verifying: artefact.tokenizerTables)
        _ = try? ChatTemplate(verifying: artefact.chatTemplate)
        // Never written: only a step would, and none is run.
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64)
        defer { memory.deallocate() }
        _ = try? LanguageModel.forwardPass(of: artefact, maxStepTokens: 1, keyValueMemory: memory)
    }
}
