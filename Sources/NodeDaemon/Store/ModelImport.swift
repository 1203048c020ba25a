// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Messages
internal import ServingModel
internal import Synchronization

/// From a checkpoint's bytes to a model in the store: spool, pack, publish. One at a time per node, since each may take
/// twice the checkpoint's size of disk.
final class ModelImport: Sendable {
    private let store: ModelStore
    private let engine: String
    private let isBusy = Mutex(false)

    /// `engine` is the path of `flowserve`.
    init(store: ModelStore, engine: String) {
        self.store = store
        self.engine = engine
    }

    /// Claims the node's one import and checks that there is room; the claim ends with the slot.
    func begin(expectedBytes: Int?) throws(NodeDaemonError) -> ImportSlot {
        let isFree = isBusy.withLock { isBusy in
            defer { isBusy = true }
            return !isBusy
        }
        guard isFree else { throw .importInProgress }
        do throws(NodeDaemonError) {
            let spool = try CheckpointSpool(directory: store.workDirectory, expectedBytes: expectedBytes)
            return ImportSlot(spool) { [self] in isBusy.withLock { $0 = false } }
        } catch {
            isBusy.withLock { $0 = false }
            throw error
        }
    }

    /// Packs what was spooled and publishes it as `name`. Cancelling the task ends the packer.
    func pack(
        _ spool: CheckpointSpool, as name: ModelName, progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws -> PublishedModel {
        let packer = PackProcess(executable: engine)
        return try await withTaskCancellationHandler {
            try await WorkerThread.run { [store] in
                let file = try store.makeUnfinished()
                let checkpoint = try spool.openReadOnly()
                let model = try packer.run(
                    checkpoint: checkpoint.rawValue, artefact: file.descriptor.rawValue, progress: progress)
                return try store.publish(file) { digest, byteCount in
                    Self.summary(of: model, name, digest, byteCount)
                }
            }
        } onCancel: {
            packer.cancel()
        }
    }

    private static func summary(
        of model: PackedModel, _ name: ModelName, _ digest: String, _ byteCount: Int
    ) -> ModelSummary {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return ModelSummary(
            name: name, digest: digest, architecture: model.architecture, parameterCount: model.parameterCount,
            contextLength: model.contextLength, vocabularySize: model.vocabularySize, layout: model.layout,
            byteCount: byteCount, keyValueBytesPerToken: model.keyValueBytesPerToken, createdAt: Double(time.tv_sec))
    }
}

/// The right to import, held for as long as the value lives: also an import whose client went away gives it back.
final class ImportSlot: Sendable {
    let spool: CheckpointSpool
    private let release: @Sendable () -> Void

    init(_ spool: CheckpointSpool, release: @escaping @Sendable () -> Void) {
        self.spool = spool
        self.release = release
    }

    deinit {
        release()
    }
}
