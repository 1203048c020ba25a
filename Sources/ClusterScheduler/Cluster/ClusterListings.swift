// SPDX-License-Identifier: Apache-2.0
package import Messages
package import ServingModel

/// What people and programs are shown of the cluster. Nodes that do not answer are shown as such; none is woken.
extension ClusterManager {
    /// Models of all connected nodes, by name, then node.
    package func models() -> [NodeModel] {
        views().flatMap { view in view.models.map { NodeModel(node: view.node, model: $0) } }
            .sorted { ($0.model.name.text, $0.node.text) < ($1.model.name.text, $1.node.text) }
    }

    /// A model of that name, of the first node that has one; nil where none has.
    package func model(named name: ModelName) -> ModelSummary? {
        views().lazy.compactMap { view in view.models.first { $0.name == name } }.first
    }

    /// The nodes whose events arrive, by name.
    package var connectedNodeNames: [NodeName] {
        views().filter { $0.phase == .connected }.map(\.node)
    }

    /// All known nodes, with their own words where they answer.
    package func nodes() async -> [NodeListing] {
        let views = views()
        let answers = await ask(views) { client throws(NodeRequestError) in try await client.status() }
        return views.map { view in
            var problem = view.problem
            if case .failure(let error)? = answers[view.node] { problem = error.description }
            return NodeListing(
                node: view.node, state: view.phase, status: try? answers[view.node]?.get(), problem: problem,
                placedTasks: view.tasks)
        }
    }

    /// Instances of all connected nodes; as last heard where a node does not answer now.
    package func instances() async -> [NodeInstance] {
        let views = views()
        let answers = await ask(views) { client throws(NodeRequestError) in try await client.instances() }
        return views.flatMap { view in
            let instances = (try? answers[view.node]?.get()) ?? view.instances
            return instances.map { NodeInstance(node: view.node, instance: $0) }
        }
    }

    /// Templates of all connected nodes that answer.
    package func templates() async -> [NodeTemplate] {
        let views = views()
        let answers = await ask(views) { client throws(NodeRequestError) in try await client.templates() }
        return views.flatMap { view in
            ((try? answers[view.node]?.get()) ?? []).map { NodeTemplate(node: view.node, template: $0) }
        }
    }

    /// Asks all connected nodes at once.
    private func ask<Answer: Sendable>(
        _ views: [NodeView],
        _ question: @escaping @Sendable (any NodeAPI) async throws(NodeRequestError) -> Answer
    ) async -> [NodeName: Result<Answer, NodeRequestError>] {
        await withTaskGroup(of: (NodeName, Result<Answer, NodeRequestError>).self) { group in
            for view in views where view.phase == .connected {
                guard let client = client(of: view.node) else { continue }
                group.addTask {
                    do throws(NodeRequestError) {
                        return (view.node, .success(try await question(client)))
                    } catch {
                        return (view.node, .failure(error))
                    }
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }
}
