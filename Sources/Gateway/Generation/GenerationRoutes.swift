// SPDX-License-Identifier: Apache-2.0
internal import ClusterScheduler
internal import HTTPTypes
internal import HummingbirdCore
internal import Messages
internal import OpenAIAPI
internal import ServingModel
internal import UnixHTTP

/// Chats and completions: from the request's bytes to a job and back.
struct GenerationRoutes: Sendable {
    let core: SchedulerCore

    var routes: [HTTPRoute] {
        [
            HTTPRoute(.post, SchedulerRoutes.chatCompletions, access: .client) { exchange in
                try await answer(
                    try await exchange.read { try GenerationRequest(chatBody: $0) }, exchange)
            },
            HTTPRoute(.post, SchedulerRoutes.completions, access: .client) { exchange in
                try await answer(
                    try await exchange.read { try GenerationRequest(completionBody: $0) }, exchange
                )
            },
        ]
    }

    private func answer(_ request: GenerationRequest, _ exchange: HTTPExchange) async throws -> Response {
        let answer = GeneratedAnswer(request: request, executors: try submit(request, exchange))
        do {
            let first = try await answer.untilAccepted()
            return request.streams ? answer.stream(after: first) : try await answer.whole(after: first)
        } catch let failure as JobFailure {
            for executor in answer.executors { await executor.close() }
            throw JobRefusal(error: APIError(failure), job: answer.executors[0].job.id)
        }
    }

    /// A job for each choice, all of one request, one moment and neighbouring seeds.
    private func submit(_ request: GenerationRequest, _ exchange: HTTPExchange) throws(APIError) -> [JobExecutor] {
        let seed = UInt64.random(in: 0...UInt64.max)
        let moment = Int(WallClock.now)
        let defaults = core.cluster.model(named: request.model)?.sampling ?? SamplingDefaults()
        var executors: [JobExecutor] = []
        do {
            for choice in 0..<request.choiceCount {
                let prompt = request.prompt(ofChoice: choice).dated(moment)
                let sampling = request.sampling(ofChoice: choice, drawnSeed: seed, defaults: defaults)
                executors.append(
                    try core.submit(
                        JobSubmission(
                            kind: request.kind, model: request.model, work: .answer(prompt, sampling),
                            principal: exchange.principal, request: exchange.identity.id)))
            }
        } catch {
            throw APIError(error)
        }
        return executors
    }
}
