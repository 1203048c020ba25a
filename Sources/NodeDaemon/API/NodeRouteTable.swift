// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import HummingbirdCore
internal import Messages
internal import NIOCore
internal import ServiceLifecycle
internal import ServingModel
internal import UnixHTTP

/// The node API: which paths there are, who may use them, and what they do.
struct NodeRouteTable: Sendable {
    let service: NodeActor

    /// A task with the largest prompt, escaped.
    private static let taskBytes = 48 << 20
    private static let orderBytes = 1 << 20

    /// All routes. What is not here does not exist.
    var routes: [HTTPRoute] { listings + taskRoutes + scalingRoutes + modelRoutes }

    private var listings: [HTTPRoute] {
        [
            HTTPRoute(.get, NodeRoutes.status, access: .nodeOperator) { [service] _ in
                try JSONResponse.make(await service.status())
            },
            HTTPRoute(.get, NodeRoutes.instances, access: .nodeOperator) { [service] _ in
                try JSONResponse.make(await service.instances())
            },
            HTTPRoute(.delete, NodeRoutes.instance(":id"), access: .nodeOperator) { [service] exchange in
                try await Self.stop(service, exchange)
            },
            HTTPRoute(.get, NodeRoutes.templates, access: .nodeOperator) { [service] _ in
                try JSONResponse.make(await service.templates())
            },
            HTTPRoute(.get, NodeRoutes.metrics, access: .nodeOperator) { [service] _ in
                Response(
                    status: .ok, headers: [.contentType: MetricsText.contentType],
                    body: ResponseBody(byteBuffer: ByteBuffer(string: await service.metricsText())))
            },
            HTTPRoute(.get, NodeRoutes.events, access: .scheduler) { [service] exchange in
                let scheduler = try Self.scheduler(exchange)
                // Refused with a status of its own; the stream begins when its first line can be written.
                try await service.check(scheduler)
                return Self.events(service, scheduler)
            },
        ]
    }

    private var taskRoutes: [HTTPRoute] {
        [
            HTTPRoute(.post, NodeRoutes.tasks, access: .scheduler) { [service] exchange in
                try await service.submit(
                    try await JSONResponse.read(ServingTask.self, exchange.request, upTo: Self.taskBytes),
                    by: try Self.scheduler(exchange))
                return Response(status: .accepted)
            },
            HTTPRoute(.post, NodeRoutes.acknowledge, access: .scheduler) { [service] exchange in
                let list = try await JSONResponse.read(
                    [TaskAcknowledgement].self, exchange.request, upTo: Self.orderBytes)
                try await service.acknowledge(list, by: try Self.scheduler(exchange))
                return Response(status: .noContent)
            },
            HTTPRoute(.delete, NodeRoutes.task(":id"), access: .scheduler) { [service] exchange in
                try await service.cancel(try Self.identifier(exchange), by: try Self.scheduler(exchange))
                return Response(status: .noContent)
            },
            HTTPRoute(.post, NodeRoutes.resume(":id"), access: .scheduler) { [service] exchange in
                let task: TaskID = try Self.identifier(exchange)
                let body = try await JSONResponse.read(TaskResumption.self, exchange.request, upTo: Self.orderBytes)
                try await service.resume(task, from: body.index, by: try Self.scheduler(exchange))
                return Response(status: .noContent)
            },
        ]
    }

    private var scalingRoutes: [HTTPRoute] {
        [
            HTTPRoute(.post, NodeRoutes.scale, access: .nodeOperator) { [service] exchange in
                let order = try await JSONResponse.read(InstanceScale.self, exchange.request, upTo: Self.orderBytes)
                return try JSONResponse.make(try await service.scale(order))
            },
            HTTPRoute(.post, NodeRoutes.load, access: .nodeOperator) { [service] exchange in
                let order = try await JSONResponse.read(ModelLoad.self, exchange.request, upTo: Self.orderBytes)
                return ModelLoadRoute(service: service, order: order).answer()
            },
            HTTPRoute(.post, NodeRoutes.unload, access: .nodeOperator) { [service] exchange in
                let order = try await JSONResponse.read(ModelUnload.self, exchange.request, upTo: Self.orderBytes)
                try await service.unload(order.model)
                return Response(status: .noContent)
            },
        ]
    }

    private static func stop(
        _ service: NodeActor, _ exchange: HTTPExchange
    ) async throws -> Response {
        let id: InstanceID = try identifier(exchange)
        let text = exchange.query("within")
        let within = text.flatMap { Int($0) }
        guard text == nil || within.map((0...86_400).contains) == true else {
            throw NodeAPIError.badRequest("'within' is 0 to 86400 seconds")
        }
        guard await service.stopInstance(id, within: within) else {
            throw NodeAPIError(code: "not_found", message: "there is no \(id) on this node")
        }
        return Response(status: .noContent)
    }

    private var modelRoutes: [HTTPRoute] {
        [
            HTTPRoute(.get, NodeRoutes.models, access: .nodeOperator) { [service] _ in
                try JSONResponse.make(service.catalog.all)
            },
            HTTPRoute(.post, NodeRoutes.models, access: .nodeOperator) { [service] exchange in
                let name = try Self.modelName(exchange.query("name"))
                let total = exchange.request.headers[.contentLength].flatMap { Int($0) }
                let route = ModelImportRoute(catalog: service.catalog, name: name, total: total)
                return try route.answer(exchange.request)
            },
            HTTPRoute(.post, NodeRoutes.verify, access: .nodeOperator) { [service] exchange in
                let order = try await JSONResponse.read(ModelVerification.self, exchange.request, upTo: Self.orderBytes)
                return try ModelVerifyRoute(models: service.catalog, name: order.model).answer()
            },
            HTTPRoute(.post, NodeRoutes.alias, access: .nodeOperator) { [service] exchange in
                let order = try await JSONResponse.read(ModelAlias.self, exchange.request, upTo: Self.orderBytes)
                return try JSONResponse.make(try await service.catalog.alias(order))
            },
            // A model's name may have slashes.
            HTTPRoute(.delete, NodeRoutes.model("**"), access: .nodeOperator) { [service] exchange in
                try await service.catalog.remove(try Self.modelName(exchange.pathParameter))
                return Response(status: .noContent)
            },
        ]
    }

    private static func events(_ service: NodeActor, _ scheduler: SchedulerIdentity?) -> Response {
        JSONResponse.lines { writer in
            let stream = try await service.openEvents(by: scheduler)
            do {
                try await withGracefulShutdownHandler {
                    while let lines = try await stream.backlog.next() { try await writer.write(lines) }
                } onGracefulShutdown: {
                    stream.backlog.finish()
                }
            } catch {
                await service.closeEvents(stream)
                throw error
            }
            await service.closeEvents(stream)
        }
    }

    /// Which scheduler asks; nil where it does not say.
    private static func scheduler(_ exchange: HTTPExchange) throws -> SchedulerIdentity? {
        guard let field = HTTPField.Name(NodeRoutes.schedulerHeader), let text = exchange.request.headers[field] else {
            return nil
        }
        guard let identity = SchedulerIdentity(text) else {
            throw NodeAPIError.badRequest("'\(NodeRoutes.schedulerHeader)' is a scheduler's id, '/' and its epoch")
        }
        return identity
    }

    private static func identifier<Subject>(_ exchange: HTTPExchange) throws -> Identifier<Subject> {
        let text = exchange.pathParameter
        guard let id = Identifier<Subject>(text) else {
            throw NodeAPIError.badRequest("'\(text.prefix(40))' is no \(Subject.prefix) id")
        }
        return id
    }

    private static func modelName(_ text: String?) throws -> ModelName {
        guard let name = ModelName(text ?? "") else {
            throw NodeAPIError.badRequest("'name' must be a model name: 1 to 128 of A-Z a-z 0-9 . _ : / -")
        }
        return name
    }
}
