// SPDX-License-Identifier: Apache-2.0
internal import ClusterScheduler
internal import HTTPTypes
internal import Messages
internal import OpenAIAPI
internal import ServingModel
internal import UnixHTTP

/// What there is: models, nodes, instances, templates, version, health. Nothing here wakes a model.
struct ListingRoutes: Sendable {
    let core: SchedulerCore

    var routes: [HTTPRoute] {
        [
            HTTPRoute(.get, SchedulerRoutes.models, access: .client) { _ in
                try JSONResponse.make(ModelList(models))
            },
            HTTPRoute(.get, SchedulerRoutes.models + "/**", access: .client) { exchange in
                guard let model = models.first(where: { $0.id.text == exchange.pathParameter }) else {
                    throw APIError(.modelNotFound, "there is no model '\(exchange.pathParameter.prefix(128))'")
                }
                return try JSONResponse.make(model)
            },
            HTTPRoute(.get, SchedulerRoutes.nodes, access: .client) { _ in
                try JSONResponse.make(await core.cluster.nodes())
            },
            HTTPRoute(.get, SchedulerRoutes.nodeModels, access: .client) { _ in
                try JSONResponse.make(core.cluster.models())
            },
            HTTPRoute(.get, SchedulerRoutes.instances, access: .client) { _ in
                try JSONResponse.make(await core.cluster.instances())
            },
            HTTPRoute(.get, SchedulerRoutes.templates, access: .client) { _ in
                try JSONResponse.make(await core.cluster.templates())
            },
            HTTPRoute(.get, SchedulerRoutes.version, access: .client) { _ in
                try JSONResponse.make(core.version)
            },
            HTTPRoute(.get, SchedulerRoutes.health, access: .client) { _ in
                try JSONResponse.make(core.health)
            },
        ]
    }

    /// Each name once, with the time at which the first node got it.
    private var models: [ModelList.Model] {
        var created: [ModelName: Double] = [:]
        for entry in core.cluster.models() {
            created[entry.model.name] = min(entry.model.createdAt, created[entry.model.name] ?? .infinity)
        }
        return created.sorted { $0.key.text < $1.key.text }
            .map { ModelList.Model(id: $0.key, created: Int(exactly: $0.value.rounded(.down)) ?? 0) }
    }
}
