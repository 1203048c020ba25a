// SPDX-License-Identifier: Apache-2.0
internal import DaemonSettings
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// What administrators and the scheduler order about instances and templates; each returns when it has come about.
extension NodeService {
    /// Brings a model to so many instances and keeps them.
    func scale(_ order: InstanceScale) async throws(NodeAPIError) -> [InstanceSummary] {
        guard (0...configuration.maximumInstancesPerModel).contains(order.count) else {
            throw .badRequest(
                "'count' must be 0 to \(configuration.maximumInstancesPerModel): raise the node's setting "
                    + "instances.maximum for more")
        }
        let model = try await modelForOrder(order.model)
        let count = order.count
        carryOut(pool.scale(model, to: count, now: .now))
        try await wait("'\(order.model)' has not come to \(count) instances") { pool in
            let own = pool.instances.values.filter { $0.model == model }
            if own.count == count, own.allSatisfy({ $0.phase == .ready }) { return .reached }
            return count > 0 ? pool.startFailure(of: model) : .pending
        }
        return instances(withMemory: false).filter { $0.model == order.model }
    }

    /// Starts a model's template where there is none, and pins it or not.
    func load(_ order: ModelLoad) async throws(NodeAPIError) {
        let model = try await modelForOrder(order.model)
        if let pins = order.pins { carryOut(pool.pin(model, pins, now: .now)) }
        carryOut(pool.prepare(model, now: .now))
        try await wait("the template of '\(order.model)' was not ready") { pool in
            pool.templates.ready(for: model) != nil ? .reached : pool.startFailure(of: model)
        }
    }

    /// Drains a model's instances and ends its template.
    func unload(_ name: ModelName) async throws(NodeAPIError) {
        let model = try await modelForOrder(name)
        carryOut(pool.unload(model, now: .now))
        try await wait("'\(name)' still has instances with tasks") { pool in
            let isUsed =
                pool.instances.values.contains { $0.model == model }
                || pool.templates.templates.values.contains { $0.model == model && $0.phase != .ended }
            return isUsed ? .pending : .reached
        }
    }

    /// An administrator wants an instance gone: after its tasks, or within so many seconds; false where there is none.
    func stopInstance(_ id: InstanceID, within seconds: Int? = nil) -> Bool {
        guard pool.instances[id] != nil else { return false }
        let plan = seconds.map { StopPlan.bounded(seconds: $0, exitSeconds: pool.limits.drainSeconds) }
        carryOut(pool.stopInstance(id, plan, now: .now))
        return true
    }

    /// The model's present content, with a keeper at hand.
    private func modelForOrder(_ name: ModelName) async throws(NodeAPIError) -> ModelKey {
        await waitUntilSettled()
        guard let model = store[name] else {
            throw .failure(.modelNotFound, NodeDaemonError.unknownModel(name.text).description)
        }
        guard link.phase == .attached else {
            throw .failure(.overloaded, "the node has no keeper now: \(link.trouble ?? "it is being attached")")
        }
        return ModelKey(model)
    }

    private func wait(
        _ complaint: String, _ outcome: @escaping @Sendable (InstancePool) -> PoolWaits.Outcome
    ) async throws(NodeAPIError) {
        var result = outcome(pool)
        if result == .pending {
            let deadline = MonotonicTime.now.adding(seconds: configuration.scaleSeconds)
            result = await withCheckedContinuation { continuation in
                waits.add(until: deadline, outcome, continuation)
                settle()
            }
        }
        switch result {
        case .reached: return
        case .pending:
            throw .failure(.overloaded, "\(complaint) after \(configuration.scaleSeconds) s: see instance list")
        case .failed(let message): throw .failure(.startFailed, message)
        }
    }
}

extension InstancePool {
    /// Whether starts of a model have failed for so often that it is not waited for any more.
    func startFailure(of model: ModelKey) -> PoolWaits.Outcome {
        guard let health = health[model], health.failures > 0 else { return .pending }
        // A template that failed is not tried again unless something wants an instance or the template.
        let goesOn = desired[model] != nil && !health.isOutOfPatience || templates.current[model] != nil
        return goesOn ? .pending : .failed("'\(model.name)' cannot be started: \(health.lastFailure)")
    }
}
