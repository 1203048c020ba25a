// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel
internal import Synchronization

/// The node's models: the store, imports into it, aliases and removals. It alone emits changes, so that none of those who
/// cause one has to remember to tell the node.
final class ModelCatalog: Sendable {
    /// Told after each change, before whoever caused it goes on; `repaired` are contents whose file was replaced because it
    /// was damaged.
    typealias Observer = @Sendable (_ repaired: Set<String>) async -> Void

    private let store: ModelStore
    private let modelImport: ModelImport
    private let observer = Mutex<Observer?>(nil)

    /// `engine` is the path of `flowserve`, which packs and verifies.
    init(store: ModelStore, engine: String) {
        self.store = store
        modelImport = ModelImport(store: store, engine: engine)
    }

    /// Whom to tell from now on.
    func observe(_ observer: @escaping Observer) {
        self.observer.withLock { $0 = observer }
    }

    /// All models, by name.
    var all: [ModelSummary] { store.all }

    /// What each name stands for now.
    var names: ServedNames { ServedNames(store.all) }

    /// A model of the store.
    ///
    /// - Throws: `unknownModel`.
    func summary(of name: ModelName) throws(NodeDaemonError) -> ModelSummary {
        guard let model = store[name] else { throw .unknownModel(name.text) }
        return model
    }

    /// A read-only descriptor of an artefact, for a template.
    func openArtefact(_ content: String) throws(SystemCallError) -> OwnedDescriptor {
        try store.openArtefact(digest: content)
    }

    // MARK: Changes

    /// Claims the node's one import and checks that there is room; the claim ends with the slot.
    func beginImport(expectedBytes: Int?) throws(NodeDaemonError) -> ImportSlot {
        try modelImport.begin(expectedBytes: expectedBytes)
    }

    /// Packs what was spooled and publishes it as `name`. Cancelling the task ends the packer.
    func pack(
        _ spool: CheckpointSpool, as name: ModelName, progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws -> ModelSummary {
        await emit(try await modelImport.pack(spool, as: name, progress: progress))
    }

    /// Gives a model that was packed here from the same checkpoint one more name.
    func alias(_ order: ModelAlias) async throws -> ModelSummary {
        await emit(try await modelImport.alias(order))
    }

    /// Removes a model; its instances finish their tasks.
    func remove(_ name: ModelName) async throws {
        guard try store.remove(name) != nil else { throw NodeDaemonError.unknownModel(name.text) }
        await emit(repaired: [])
    }

    private func emit(_ published: PublishedModel) async -> ModelSummary {
        await emit(repaired: published.isRepair ? [published.summary.digest] : [])
        return published.summary
    }

    private func emit(repaired: Set<String>) async {
        await observer.withLock { $0 }?(repaired)
    }

    // MARK: Artefacts

    /// Reads a model's whole artefact in a process of its own, and returns what of it is not as it was written; nil where
    /// all is. Cancelling the task ends the process.
    func damage(
        of model: ModelSummary, progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws -> String? {
        try await modelImport.damage(of: model, progress: progress)
    }

    /// How much of each artefact is in memory, by content; without those that cannot be read. Asked of the kernel on a
    /// thread of its own, since large artefacts have a million pages.
    func residence(of contents: Set<String>) async throws -> [String: Residence] {
        try await WorkerThread.run { [store] in
            var found: [String: Residence] = [:]
            for content in contents {
                do throws(SystemCallError) {
                    let memory = try ArtefactMemory(store.openArtefact(digest: content))
                    found[content] = Residence(resident: try memory.residentBytes(), total: memory.byteCount)
                } catch {
                    // Removed meanwhile, or not to be told here: the listing shows no figure for it.
                    continue
                }
            }
            return found
        }
    }

    /// Reads a model's artefact into memory, within `budget` bytes for all artefacts together.
    ///
    /// - Parameter report: told of the progress; where the task is cancelled, no more is read.
    func populate(
        _ name: ModelName, within budget: Int, _ report: @escaping @Sendable (LoadProgress) -> Void
    ) async throws(NodeAPIError) {
        guard let model = store[name] else {
            throw .failure(.modelNotFound, NodeDaemonError.unknownModel(name.text).description)
        }
        let stop = CancellationFlag()
        let refusal: String?
        do {
            refusal = try await withTaskCancellationHandler {
                try await WorkerThread.run { [store] () throws -> String? in
                    if let refusal = try Self.refusal(of: model, in: store, budget: budget) { return refusal }
                    let memory = try ArtefactMemory(store.openArtefact(digest: model.digest))
                    try memory.populate { done in
                        report(.populating(bytes: done, total: memory.byteCount))
                        return !stop.isSet
                    }
                    return nil
                }
            } onCancel: {
                stop.set()
            }
        } catch {
            throw .failure(.internalError, "the artefact of '\(name)' cannot be read: \(error)")
        }
        if let refusal { throw .failure(.overloaded, refusal) }
    }

    /// Why an artefact does not fit beside those that are in memory already; nil where it does.
    private static func refusal(of model: ModelSummary, in store: ModelStore, budget: Int) throws -> String? {
        var used = 0
        for digest in Set(store.all.map(\.digest)) where digest != model.digest {
            let memory = try ArtefactMemory(store.openArtefact(digest: digest))
            used += try memory.residentBytes()
        }
        guard model.byteCount > budget - used else { return nil }
        return
            "'\(model.name)' needs \(model.byteCount >> 20) MiB, and of the \(budget >> 20) MiB for artefacts in memory "
            + "\(used >> 20) are taken by other models: raise the setting memory.preload, or remove a model"
    }
}

/// Set once, read from anywhere.
private final class CancellationFlag: Sendable {
    private let value = Atomic<Bool>(false)

    var isSet: Bool { value.load(ordering: .relaxed) }

    func set() {
        value.store(true, ordering: .relaxed)
    }
}
