// SPDX-License-Identifier: Apache-2.0
internal import ClusterScheduler
internal import HTTPTypes
internal import HummingbirdCore
internal import Messages
internal import OpenAIAPI
internal import ServingModel
internal import UnixHTTP

/// Changes to the nodes' stores.
struct ModelRoutes: Sendable {
    let core: SchedulerCore

    var routes: [HTTPRoute] {
        [
            HTTPRoute(.post, SchedulerRoutes.nodeModels, access: .administrator) { try add($0) },
            HTTPRoute(.delete, SchedulerRoutes.nodeModel("**"), access: .administrator) { exchange in
                try JSONResponse.make(try await remove(exchange))
            },
        ]
    }

    private func add(_ exchange: HTTPExchange) throws -> Response {
        let name = try modelName(exchange.query("name") ?? "")
        let node = try targetNode(exchange)
        guard let client = core.cluster.client(of: node) else {
            throw APIError(.noNode, "node \(node) has just gone: send the request again")
        }
        let relay = ImportRelay(
            cluster: core.cluster, client: client, node: node, name: name, body: exchange.request.body,
            byteCount: exchange.request.headers[.contentLength].flatMap { Int($0) })
        return JSONResponse.lines { writer in try await relay.run(to: &writer) }
    }

    private func remove(_ exchange: HTTPExchange) async throws -> ModelRemoval {
        let name = try modelName(exchange.pathParameter)
        let wanted = try exchange.query("node").map(nodeName)
        let holders = core.cluster.models().filter { $0.model.name == name && (wanted == nil || $0.node == wanted) }
        guard !holders.isEmpty else {
            throw APIError(.modelNotFound, "no connected node has a model '\(name)'\(wanted.map { " on \($0)" } ?? "")")
        }
        var removal = ModelRemoval(name: name, nodes: [])
        for holder in holders {
            guard let client = core.cluster.client(of: holder.node) else { continue }
            do throws(NodeRequestError) {
                try await client.removeModel(name)
                removal.nodes.append(holder.node)
            } catch .refused(status: 404, code: _, message: _) {
                // Another removal took it from this node meanwhile.
            } catch {
                throw APIError(error, node: holder.node)
            }
        }
        await core.cluster.waitUntilSeen { models in
            !models.contains { $0.model.name == name && (wanted == nil || $0.node == wanted) }
        }
        return removal
    }

    /// The node that the query names; without one the only node there is.
    private func targetNode(_ exchange: HTTPExchange) throws(APIError) -> NodeName {
        let connected = core.cluster.connectedNodeNames
        guard let text = exchange.query("node") else {
            guard let only = connected.first else {
                throw APIError(.noNode, "no node is connected: start deepflow-noded, then send the request again")
            }
            guard connected.count == 1 else {
                let names = connected.map(\.text).joined(separator: ", ")
                throw APIError(
                    .invalidRequest, "'node' must say which node gets the model: one of \(names)", parameter: "node")
            }
            return only
        }
        let node = try nodeName(text)
        guard connected.contains(node) else {
            throw APIError(.noNode, "node '\(node)' is not connected: GET \(SchedulerRoutes.nodes) lists all")
        }
        return node
    }

    private func nodeName(_ text: String) throws(APIError) -> NodeName {
        guard let node = NodeName(text) else {
            throw APIError(
                .invalidRequest, "'node' must have 1 to 64 of a-z 0-9 - and begin with a letter", parameter: "node")
        }
        return node
    }

    private func modelName(_ text: String) throws(APIError) -> ModelName {
        guard let name = ModelName(text) else {
            throw APIError(
                .invalidRequest,
                "'name' must have 1 to 128 of A-Z a-z 0-9 . _ : / - and begin with a letter or digit",
                parameter: "name")
        }
        return name
    }
}
