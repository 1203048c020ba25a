// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import Hummingbird
internal import Messages
internal import NIOCore
internal import ServiceLifecycle
internal import ServingModel
internal import UnixHTTP

/// The node API: which paths there are, who may use them, and what they do.
struct NodeRouteTable: Sendable {
    let service: NodeService
    let modelImport: ModelImport

    private static let both: Set<Principal.Role> = [.scheduler, .admin]
    /// A task with the largest prompt, escaped.
    private static let taskBytes = 48 << 20
    private static let orderBytes = 1 << 20

    /// All routes. What is not here does not exist.
    var routes: [NodeRoute] { listings + taskRoutes + scalingRoutes + modelRoutes }

    private var listings: [NodeRoute] {
        [
            NodeRoute(.get, NodeRoutes.status, Self.both) { [service] _, _ in
                try JSONAnswer.make(await service.status())
            },
            NodeRoute(.get, NodeRoutes.instances, Self.both) { [service] _, _ in
                try JSONAnswer.make(await service.instances())
            },
            NodeRoute(.delete, NodeRoutes.instance(":id"), Self.both) { [service] request, context in
                try await Self.stop(service, request, context)
            },
            NodeRoute(.get, NodeRoutes.templates, Self.both) { [service] _, _ in
                try JSONAnswer.make(await service.templates())
            },
            NodeRoute(.get, NodeRoutes.metrics, Self.both) { [service] _, _ in
                Response(
                    status: .ok, headers: [.contentType: MetricsText.contentType],
                    body: ResponseBody(byteBuffer: ByteBuffer(string: await service.metricsText())))
            },
            NodeRoute(.get, NodeRoutes.events, [.scheduler]) { [service] _, _ in Self.events(service) },
        ]
    }

    private var taskRoutes: [NodeRoute] {
        [
            NodeRoute(.post, NodeRoutes.tasks, [.scheduler]) { [service] request, _ in
                try await service.submit(
                    try await JSONAnswer.read(ServingTask.self, request, upTo: Self.taskBytes))
                return Response(status: .accepted)
            },
            NodeRoute(.post, NodeRoutes.acknowledge, [.scheduler]) { [service] request, _ in
                let list = try await JSONAnswer.read([TaskAcknowledgement].self, request, upTo: Self.orderBytes)
                await service.acknowledge(list)
                return Response(status: .noContent)
            },
            NodeRoute(.delete, NodeRoutes.task(":id"), [.scheduler]) { [service] _, context in
                try await service.cancel(try Self.identifier(context))
                return Response(status: .noContent)
            },
            NodeRoute(.post, NodeRoutes.resume(":id"), [.scheduler]) { [service] request, context in
                let task: TaskID = try Self.identifier(context)
                let body = try await JSONAnswer.read(TaskResumption.self, request, upTo: Self.orderBytes)
                try await service.resume(task, from: body.index)
                return Response(status: .noContent)
            },
        ]
    }

    private var scalingRoutes: [NodeRoute] {
        [
            NodeRoute(.post, NodeRoutes.scale, Self.both) { [service] request, _ in
                let order = try await JSONAnswer.read(InstanceScale.self, request, upTo: Self.orderBytes)
                return try JSONAnswer.make(try await service.scale(order))
            },
            NodeRoute(.post, NodeRoutes.load, Self.both) { [service] request, _ in
                let order = try await JSONAnswer.read(ModelLoad.self, request, upTo: Self.orderBytes)
                return ModelLoadRoute(service: service, order: order).answer()
            },
            NodeRoute(.post, NodeRoutes.unload, Self.both) { [service] request, _ in
                let order = try await JSONAnswer.read(ModelUnload.self, request, upTo: Self.orderBytes)
                try await service.unload(order.model)
                return Response(status: .noContent)
            },
        ]
    }

    private static func stop(
        _ service: NodeService, _ request: Request, _ context: PeerRequestContext
    ) async throws -> Response {
        let id: InstanceID = try identifier(context)
        let text = request.uri.queryParameters["within"].map { String($0) }
        let within = text.flatMap { Int($0) }
        guard text == nil || within.map((0...86_400).contains) == true else {
            throw NodeAPIError.badRequest("'within' is 0 to 86400 seconds")
        }
        guard await service.stopInstance(id, within: within) else {
            throw NodeAPIError(code: "not_found", message: "there is no \(id) on this node")
        }
        return Response(status: .noContent)
    }

    private var modelRoutes: [NodeRoute] {
        [
            NodeRoute(.get, NodeRoutes.models, Self.both) { [service] _, _ in
                try JSONAnswer.make(service.store.all)
            },
            NodeRoute(.post, NodeRoutes.models, Self.both) { [service, modelImport] request, _ in
                let name = try Self.modelName(request.uri.queryParameters["name"].map { String($0) })
                let total = request.headers[.contentLength].flatMap { Int($0) }
                let route = ModelImportRoute(service: service, modelImport: modelImport, name: name, total: total)
                return try route.answer(request)
            },
            NodeRoute(.post, NodeRoutes.verify, Self.both) { [modelImport] request, _ in
                let order = try await JSONAnswer.read(ModelVerification.self, request, upTo: Self.orderBytes)
                return try ModelVerifyRoute(models: modelImport, name: order.model).answer()
            },
            NodeRoute(.post, NodeRoutes.alias, Self.both) { [service, modelImport] request, _ in
                let order = try await JSONAnswer.read(ModelAlias.self, request, upTo: Self.orderBytes)
                let published = try await modelImport.alias(order)
                await service.modelsChanged(outdated: published.outdated)
                return try JSONAnswer.make(published.summary)
            },
            // A model's name may have slashes.
            NodeRoute(.delete, NodeRoutes.model("**"), Self.both) { [service] _, context in
                let text = context.parameters.getCatchAll().joined(separator: "/")
                try await service.removeModel(try Self.modelName(Self.decoded(text)))
                return Response(status: .noContent)
            },
        ]
    }

    private static func events(_ service: NodeService) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/x-ndjson"],
            body: ResponseBody { writer in
                let backlog = await service.openEvents()
                do {
                    try await withGracefulShutdownHandler {
                        while let lines = await backlog.next() { try await writer.write(lines) }
                    } onGracefulShutdown: {
                        backlog.finish()
                    }
                } catch {
                    await service.closeEvents(backlog)
                    throw error
                }
                await service.closeEvents(backlog)
                try await writer.finish(nil)
            })
    }

    private static func identifier<Subject>(_ context: PeerRequestContext) throws -> Identifier<Subject> {
        let text = context.parameters.get("id") ?? ""
        guard let id = Identifier<Subject>(text) else {
            throw NodeAPIError.badRequest("'\(text.prefix(40))' is no \(Subject.prefix) id")
        }
        return id
    }

    /// Text with its `%XX` resolved; nil where that is broken.
    static func decoded(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                return nil
            }
            rest = rest.dropFirst(2)
            bytes.append(value)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func modelName(_ text: String?) throws -> ModelName {
        guard let name = ModelName(text ?? "") else {
            throw NodeAPIError.badRequest("'name' must be a model name: 1 to 128 of A-Z a-z 0-9 . _ : / -")
        }
        return name
    }
}
