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
        try claim()
        do throws(NodeDaemonError) {
            let spool = try CheckpointSpool(directory: store.workDirectory, expectedBytes: expectedBytes)
            return ImportSlot(spool) { [self] in release() }
        } catch {
            release()
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
                let source = try ContentDigest.ofFile(checkpoint.rawValue)
                return try store.publish(file) { digest, byteCount in
                    var summary = Self.summary(of: model, name, digest, byteCount)
                    (summary.checkpointDigest, summary.checkpointBytes) = (source, spool.byteCount)
                    return summary
                }
            }
        } onCancel: {
            packer.cancel()
        }
    }

    /// Gives a model that was packed here from the same checkpoint one more name, after reading all of it: content that
    /// was damaged is packed anew instead.
    func alias(_ order: ModelAlias) async throws -> PublishedModel {
        try claim()
        defer { release() }
        guard var model = store.all.first(where: { $0.checkpointDigest == order.checkpoint }),
            try await damage(of: model, progress: { _, _ in }) == nil
        else { throw NodeDaemonError.unknownCheckpoint }
        model.name = order.name
        model.createdAt = Self.now
        return try store.adopt(model)
    }

    private func claim() throws(NodeDaemonError) {
        let isFree = isBusy.withLock { isBusy in
            defer { isBusy = true }
            return !isBusy
        }
        guard isFree else { throw .importInProgress }
    }

    private func release() {
        isBusy.withLock { $0 = false }
    }

    private static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec)
    }

    /// Reads a model's whole artefact in a process of its own, and returns what of it is not as it was written; nil where
    /// all is. Cancelling the task ends the process.
    func damage(
        of model: ModelSummary, progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws -> String? {
        let reader = PackProcess(executable: engine)
        return try await withTaskCancellationHandler {
            try await WorkerThread.run { [store] in
                let artefact = try store.openArtefact(digest: model.digest)
                return try reader.damage(of: artefact.rawValue, progress: progress)
            }
        } onCancel: {
            reader.cancel()
        }
    }

    private static func summary(
        of model: ReportedModel, _ name: ModelName, _ digest: String, _ byteCount: Int
    ) -> ModelSummary {
        ModelSummary(
            name: name, digest: digest, architecture: model.architecture, parameterCount: model.parameterCount,
            contextLength: model.contextLength, vocabularySize: model.vocabularySize, layout: model.layout,
            byteCount: byteCount, keyValueBytesPerToken: model.keyValueBytesPerToken, createdAt: now,
            sampling: model.sampling?.checked)
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
