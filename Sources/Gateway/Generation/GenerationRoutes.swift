// SPDX-License-Identifier: Apache-2.0
internal import ClusterScheduler
internal import HTTPTypes
internal import Hummingbird
internal import Messages
internal import OpenAIAPI
internal import ServingModel

/// Chats and completions: from the request's bytes to a job and back.
struct GenerationRoutes: Sendable {
    let core: SchedulerCore

    var routes: [GatewayRoute] {
        [
            GatewayRoute(.post, .exactly(SchedulerRoutes.chatCompletions), access: .client) { exchange in
                try await answer(
                    try GenerationRequest(chatBody: try await BoundedBody.collect(exchange.request)), exchange)
            },
            GatewayRoute(.post, .exactly(SchedulerRoutes.completions), access: .client) { exchange in
                try await answer(
                    try GenerationRequest(completionBody: try await BoundedBody.collect(exchange.request)), exchange)
            },
        ]
    }

    private func answer(_ request: GenerationRequest, _ exchange: GatewayExchange) async throws -> Response {
        let executor: JobExecutor
        do {
            executor = try core.submit(
                JobSubmission(
                    kind: request.kind, model: request.model,
                    work: .answer(request.prompt, request.sampling(drawnSeed: .random(in: 0...UInt64.max))),
                    actor: exchange.actor))
        } catch {
            throw APIError(error)
        }
        do {
            let answer = GeneratedAnswer(request: request, executor: executor)
            let first = try await answer.untilAccepted()
            return request.streams ? answer.stream(after: first) : try await answer.whole(after: first)
        } catch let failure as JobFailure {
            throw JobRefusal(error: APIError(failure), job: executor.job.id)
        }
    }
}
