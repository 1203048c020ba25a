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

    /// Has what is wanted written down where it has changed: by another thread, since a disk takes its time and instances
    /// that start do not wait for it.
    func keepWishes() {
        guard pool.wishes != keptWishes, wishWriting == nil else { return }
        wishWriting = Task { await writeWishes() }
    }

    /// Writes until the file holds what is wanted now. A write that fails costs nothing but the memory of it.
    private func writeWishes() async {
        while pool.wishes != keptWishes {
            keptWishes = pool.wishes
            let entries = pool.wishes.map { model, wishes in
                WishFile.Entry(model: model.name, instances: wishes.minimumInstances, pinned: wishes.isPinned)
            }
            do {
                try await WorkerThread.run { [wishFile] in try wishFile.write(entries) }
            } catch {
                logger.warning(
                    "what was scaled and pinned will not outlive this daemon",
                    metadata: ["file": "\(wishFile.path)", "error": "\(error)"])
            }
        }
        wishWriting = nil
    }
}
