// SPDX-License-Identifier: Apache-2.0
internal import Logging
internal import ServingModel

/// What is wanted of models, kept for the next daemon.
extension NodeService {
    /// Takes up what an earlier daemon was told, as far as its models are still there.
    func recallWishes() {
        do {
            for entry in try wishFile.read() {
                guard let model = store[entry.model] else { continue }
                let instances = min(max(0, entry.instances), configuration.maximumInstancesPerModel)
                pool.wishes[ModelKey(model)] = ModelWishes(minimumInstances: instances, isPinned: entry.pinned)
            }
        } catch {
            logger.warning(
                "what was scaled and pinned is forgotten", metadata: ["file": "\(wishFile.path)", "error": "\(error)"])
        }
        keptWishes = pool.wishes
    }

    /// Writes down what is wanted where it has changed. A write that fails costs nothing but the memory of it.
    func keepWishes() {
        guard pool.wishes != keptWishes else { return }
        keptWishes = pool.wishes
        do {
            try wishFile.write(
                pool.wishes.map { model, wishes in
                    WishFile.Entry(model: model.name, instances: wishes.minimumInstances, pinned: wishes.isPinned)
                })
        } catch {
            logger.warning(
                "what was scaled and pinned will not outlive this daemon",
                metadata: ["file": "\(wishFile.path)", "error": "\(error)"])
        }
    }
}
