// SPDX-License-Identifier: Apache-2.0
internal import DaemonSettings
internal import LinuxKernel
internal import Logging
internal import ServingModel

/// What is wanted of models, kept for the next daemon.
extension NodeService {
    /// Takes up what an earlier daemon was told, as far as its models are still there.
    func readDesiredState() {
        do {
            for entry in try desiredStateFile.read() {
                guard let model = store[entry.model] else { continue }
                let instances = min(max(0, entry.instances), configuration.maximumInstancesPerModel)
                pool.desired[ModelKey(model)] = DesiredState(minimumInstances: instances, isPinned: entry.pinned)
            }
        } catch {
            logger.warning(
                "what was scaled and pinned is released",
                metadata: ["file": "\(desiredStateFile.path)", "error": "\(error)"])
        }
        keptDesired = pool.desired
    }

    /// Has what is wanted written down where it has changed: by another thread, since a disk takes its time and instances
    /// that start do not wait for it.
    func keepDesiredState() {
        guard pool.desired != keptDesired, desiredStateWriting == nil else { return }
        desiredStateWriting = Task { await writeDesiredState() }
    }

    /// Writes until the file holds what is wanted now. A write that fails costs nothing but the memory of it.
    private func writeDesiredState() async {
        while pool.desired != keptDesired {
            keptDesired = pool.desired
            let entries = pool.desired.map { model, desired in
                DesiredStateFile.Entry(model: model.name, instances: desired.minimumInstances, pinned: desired.isPinned)
            }
            do {
                try await WorkerThread.run { [desiredStateFile] in try desiredStateFile.write(entries) }
            } catch {
                logger.warning(
                    "what was scaled and pinned will not outlive this daemon",
                    metadata: ["file": "\(desiredStateFile.path)", "error": "\(error)"])
            }
        }
        desiredStateWriting = nil
    }
}
