// SPDX-License-Identifier: Apache-2.0
internal import Artefacts
internal import FlowServe
internal import Glibc
internal import LanguageModels
internal import LinuxKernel
import ServingModel

/// A mapped artefact, and memory for keys and values, as an instance has them.
struct MeasuredArtefact {
    let bytes: UnsafeRawBufferPointer
    let artefact: Artefact
    /// Bytes of weights that a step reads: all but an embedding of which it takes single rows.
    let bytesPerToken: Int
    /// How its runners keep keys and values; nil: as packing chose.
    let keyValueType: KeyValueType?

    init(path file: String, keyValueType: KeyValueType? = nil) throws {
        self.keyValueType = keyValueType
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0 else { throw SystemCallError("open", file) }
        bytes = UnsafeRawBufferPointer(
            try MappedMemory(descriptor, byteCount: Int(status.st_size), access: .readOnly).leak())
        close(descriptor)
        artefact = try Artefact(verifying: bytes)
        let embedding = artefact.tensor(.output) == nil ? 0 : artefact.tensor(.tokenEmbedding)?.byteCount ?? 0
        bytesPerToken = bytes.count - embedding
    }

    /// A runner on some threads with memory for so many positions; pages come as they are used.
    func runner(threads: Int, positions: Int, maxStepTokens: Int) throws -> ModelRunner {
        let geometry = KVLayout(configuration: artefact.configuration, type: keyValueType)
        let size = geometry.bytesPerBlock * geometry.blockCount(forPositions: positions)
        let memory = try MemoryFile.unsealed(name: "engine-speed")
        guard ftruncate(memory.rawValue, size) == 0 else { throw SystemCallError("ftruncate", "\(size) bytes") }
        let mapped = try MappedMemory(memory.rawValue, byteCount: size, access: .readWrite).leak()
        let runner = try ModelRunner(
            artefact: artefact, keyValueMemory: mapped, keyValueType: keyValueType, rankCount: threads,
            maxStepTokens: maxStepTokens)
        try runner.startRanks()
        return runner
    }
}
