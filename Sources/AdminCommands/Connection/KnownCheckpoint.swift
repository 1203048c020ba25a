// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import ServingModel

/// A checkpoint that a node has packed before: it need not be sent again.
struct KnownCheckpoint {
    /// The model that was packed from it.
    let model: ModelSummary
    private let digest: String

    /// Looks for it; nil where no model was packed from such a one. Its bytes are read only where the size is that of
    /// one that was packed.
    init?(_ checkpoint: CheckpointUpload, among models: [NodeModel]) async throws(CommandError) {
        let candidates = models.map(\.model).filter {
            $0.checkpointDigest != nil && $0.checkpointBytes == checkpoint.byteCount
        }
        guard !candidates.isEmpty else { return nil }
        var report = ProgressReport()
        defer { report.finish() }
        digest = try await checkpoint.digest { report.update("comparing", done: $0, total: checkpoint.byteCount) }
        let digest = self.digest
        guard let model = candidates.first(where: { $0.checkpointDigest == digest }) else { return nil }
        self.model = model
    }

    /// Gives it a name on the node that has it; nil where it has to be sent after all.
    func add(as name: ModelName, _ options: ServerOptions) async throws(CommandError) -> ModelSummary? {
        guard let node = try await options.nodes(having: model.name).first else { return nil }
        return try await node.alias(ModelAlias(name: name, checkpoint: digest))
    }
}
