// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Logging
internal import ServingModel
internal import Synchronization

/// Keeps what is wanted of models for the next daemon: on a thread of its own, since a disk takes its time and instances
/// that start do not wait for it.
final class DesiredStateWriter: Sendable {
    private struct State {
        /// What is to be in the file; nil where that is so.
        var pending: DesiredStates?
        var isWriting = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let file: DesiredStateFile
    private let logger: Logger
    private let state = Mutex(State())

    init(file: DesiredStateFile, logger: Logger) {
        self.file = file
        self.logger = logger
    }

    /// What the file holds; nothing, with a word in the log, where it cannot be read.
    func read() -> [ModelName: DesiredState] {
        do {
            let entries = try file.read().map { entry in
                (entry.model, DesiredState(minimumInstances: entry.instances, isPinned: entry.pinned))
            }
            return Dictionary(entries) { $1 }
        } catch {
            logger.warning(
                "what was scaled and pinned is dropped", metadata: ["file": "\(file.path)", "error": "\(error)"])
            return [:]
        }
    }

    /// Has this written; of several that come while one is being written, the last one.
    func keep(_ desired: DesiredStates) {
        let starts = state.withLock { state in
            state.pending = desired
            defer { state.isWriting = true }
            return !state.isWriting
        }
        guard starts else { return }
        do {
            try WorkerThread.start { [self] in writeAll() }
        } catch {
            warn("\(error)")
            while takePending() != nil {}
        }
    }

    /// Returns when nothing is to be written any more.
    func finish() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.isWriting { state.waiters.append(continuation) }
                return !state.isWriting
            }
            if isOver { continuation.resume() }
        }
    }

    /// Writes until the file holds what is wanted now. A write that fails costs nothing but the memory of it.
    private func writeAll() {
        while let desired = takePending() {
            let entries = desired.byName.map { name, state in
                DesiredStateFile.Entry(model: name, instances: state.minimumInstances, pinned: state.isPinned)
            }
            do { try file.write(entries) } catch { warn("\(error)") }
        }
    }

    /// What is to be written next; where that is nothing, the writing is over.
    private func takePending() -> DesiredStates? {
        let (pending, waiters) = state.withLock { state -> (DesiredStates?, [CheckedContinuation<Void, Never>]) in
            if let pending = state.pending.take() { return (pending, []) }
            state.isWriting = false
            defer { state.waiters = [] }
            return (nil, state.waiters)
        }
        for waiter in waiters { waiter.resume() }
        return pending
    }

    private func warn(_ error: String) {
        logger.warning(
            "what was scaled and pinned will not outlive this daemon",
            metadata: ["file": "\(file.path)", "error": "\(error)"])
    }
}
