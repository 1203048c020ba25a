// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import ServingModel

/// Orders to nodes go to the nodes themselves, whose sockets lie beside the scheduler's: they also work without it.
extension ServerOptions {
    /// The nodes that have a model: the one of `--node`, else all that the scheduler knows.
    func nodes(having model: ModelName) async throws(CommandError) -> [AdminServer] {
        let server = try server()
        let holders = try await server.models().filter { $0.model.name == model }.map(\.node)
        guard !holders.isEmpty else {
            throw .failed("no connected node has a model '\(model)': see deepflow model list")
        }
        return try holders.map { node throws(CommandError) in try nodeServer(node, beside: server) }
    }

    /// The node on which an instance runs.
    func node(of instance: InstanceID) async throws(CommandError) -> AdminServer {
        let server = try server()
        guard let holder = try await server.instances().first(where: { $0.instance.id == instance }) else {
            throw .failed("there is no \(instance): see deepflow instance list")
        }
        return try nodeServer(holder.node, beside: server)
    }

    private func nodeServer(_ node: NodeName, beside server: AdminServer) throws(CommandError) -> AdminServer {
        if case .node = server.side { return server }
        let address = try ServerAddress(socket: server.socketPath, environment: [:])
        return AdminServer(side: .node(node), socketPath: try SocketChoice.firstOpen(of: address.nodeCandidates(node)))
    }
}

extension TypedNames {
    /// - Throws: `usage` with the form of an instance's id.
    static func instance(_ text: String) throws(CommandError) -> InstanceID {
        guard let id = InstanceID(text) else {
            throw .usage("'\(text)' is no instance: it looks like inst-0123456789abcdef (see deepflow instance list)")
        }
        return id
    }
}
