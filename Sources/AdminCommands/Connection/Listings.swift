// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import ServingModel

/// The listings that both APIs have, in the scheduler's form: a node's answers are given its name, so that `--json` has
/// the same keys either way.
extension AdminServer {
    func models() async throws(CommandError) -> [NodeModel] {
        switch side {
        case .scheduler: return try await get(SchedulerRoutes.nodeModels)
        case .node(let node):
            let models: [ModelSummary] = try await get(NodeRoutes.models)
            return models.map { NodeModel(node: node, model: $0) }
        }
    }

    func instances() async throws(CommandError) -> [NodeInstance] {
        switch side {
        case .scheduler: return try await get(SchedulerRoutes.instances)
        case .node(let node):
            let instances: [InstanceSummary] = try await get(NodeRoutes.instances)
            return instances.map { NodeInstance(node: node, instance: $0) }
        }
    }

    func templates() async throws(CommandError) -> [NodeTemplate] {
        switch side {
        case .scheduler: return try await get(SchedulerRoutes.templates)
        case .node(let node):
            let templates: [TemplateSummary] = try await get(NodeRoutes.templates)
            return templates.map { NodeTemplate(node: node, template: $0) }
        }
    }

    func nodes() async throws(CommandError) -> [NodeListing] {
        switch side {
        case .scheduler: return try await get(SchedulerRoutes.nodes)
        case .node(let node):
            let status: NodeStatus = try await get(NodeRoutes.status)
            return [
                NodeListing(
                    node: node, state: .connected, status: status, problem: nil, placedTasks: status.activeTasks)
            ]
        }
    }
}
