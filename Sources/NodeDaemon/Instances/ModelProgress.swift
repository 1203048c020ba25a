// SPDX-License-Identifier: Apache-2.0
internal import ServingModel

/// How far a pool is with what was ordered of a model.
struct ModelProgress {
    let model: ServedModel
    let pool: InstancePool

    /// Whether the model has as many instances as are wanted, all of them ready.
    var hasInstances: NodeWaits.Outcome {
        let key = PoolKey(content: model.content)
        let (own, wanted) = (pool.instances.sorted(in: key), pool.minimumInstances(of: key))
        if own.count == wanted, own.allSatisfy({ $0.record.phase == .ready }) { return .reached }
        return wanted > 0 ? failure : .pending
    }

    /// Whether its template can fork.
    var isPrepared: NodeWaits.Outcome { pool.templates.ready(for: model.content) != nil ? .reached : failure }

    /// Whether nothing of its content is left.
    var isUnloaded: NodeWaits.Outcome {
        let isUsed =
            pool.instances.serves(model.content)
            || pool.templates.records.values.contains { $0.label.content == model.content && $0.phase != .ended }
        return isUsed ? .pending : .reached
    }

    /// Whether its starts have failed so often that it is not waited for any more.
    private var failure: NodeWaits.Outcome {
        guard let health = pool.health[model.content] else { return .pending }
        // A template that failed is not tried again unless something wants an instance or the template.
        let isWanted = pool.desired.isWanted(pool.names.names(of: model.content)) && !health.isOverLimit
        let goesOn = isWanted || pool.templates.current[model.content] != nil
        return goesOn ? .pending : .failed("'\(model.name)' cannot be started: \(health.lastFailure)")
    }
}
