// SPDX-License-Identifier: Apache-2.0
internal import DaemonSettings
internal import LinuxKernel
internal import Messages
internal import ServingModel
internal import Synchronization

/// Artefacts in memory ahead of their use.
extension NodeService {
    /// How much of each used artefact is in memory, by digest. Asked of the kernel on a thread of its own, since large
    /// artefacts have a million pages.
    func residentBytes() async -> [String: Residence] {
        let digests = Set(pool.templates.templates.values.map(\.model.digest))
        let store = store
        return
            (try? await WorkerThread.run {
                var found: [String: Residence] = [:]
                for digest in digests {
                    guard let memory = try? ArtefactMemory(store.openArtefact(digest: digest)),
                        let resident = try? memory.residentBytes()
                    else { continue }
                    found[digest] = Residence(resident: resident, total: memory.byteCount)
                }
                return found
            }) ?? [:]
    }

    /// Reads a model's artefact into memory, within the budget for all artefacts together.
    ///
    /// - Parameter report: told of the progress; where the task is cancelled, no more is read.
    func populate(_ name: ModelName, _ report: @escaping @Sendable (LoadProgress) -> Void) async throws(NodeAPIError) {
        guard let model = store[name] else {
            throw .failure(.modelNotFound, NodeDaemonError.unknownModel(name.text).description)
        }
        let stop = CancellationFlag()
        let (store, budget) = (store, configuration.preloadBytes)
        let refusal: String?
        do {
            refusal = try await withTaskCancellationHandler {
                try await WorkerThread.run { () throws -> String? in
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
