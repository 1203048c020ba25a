// SPDX-License-Identifier: Apache-2.0
internal import ClusterScheduler
internal import HTTPTypes
internal import HummingbirdCore
internal import Messages
internal import OpenAIAPI
internal import ServingModel
internal import UnixHTTP

/// Vectors of texts: one job for all inputs of a request.
struct EmbeddingRoutes: Sendable {
    let core: SchedulerCore

    var routes: [HTTPRoute] {
        [
            HTTPRoute(.post, SchedulerRoutes.embeddings, access: .client) { exchange in
                try await answer(
                    try await exchange.read { try EmbeddingRequest(body: $0) }, exchange)
            }
        ]
    }

    private func answer(_ request: EmbeddingRequest, _ exchange: HTTPExchange) async throws -> Response {
        let reply = try await WholeReply.collect(
            JobSubmission(
                plan: EmbeddingJob(inputs: request.inputs, parameters: request.parameters), model: request.model,
                principal: exchange.principal),
            request: exchange.identity.id, from: core)
        let list = EmbeddingList(
            model: request.model, vectors: reply.vectors, encoding: request.encoding,
            promptTokens: reply.summary.promptTokens)
        return JSONResponse.make(json: list.json, job: reply.job)
    }
}
