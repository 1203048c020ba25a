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
        let moment = Int(core.clock.secondsSince1970)
        let answer = GeneratedAnswer(
            request: request, reader: try submit(request, exchange, moment: moment), moment: moment)
        do {
            // Nothing is sent to the client before instances will give all choices, so that every refusal still has a
            // status of its own. A streamed answer that waits for long goes ahead all the same: its status line and signs
            // of life keep client and proxies from giving up. A refusal after that is an event.
            try await answer.reader.untilAccepted(orQuiet: request.streams)
            if request.streams { return answer.stream() }
            defer { answer.reader.detach() }
            return try await answer.whole()
        } catch {
            answer.reader.detach()
            guard let failure = error as? JobFailure else { throw error }
            throw JobRefusal(error: APIError(failure), job: answer.reader.jobs[0].id)
        }
    }

    /// A job for each choice, all of one request, one moment and neighbouring seeds.
    private func submit(
        _ request: GenerationRequest, _ exchange: HTTPExchange, moment: Int
    ) throws(APIError) -> JobReader {
        let seed = UInt64.random(in: 0...UInt64.max)
        let defaults = core.cluster.model(named: request.model)?.sampling ?? SamplingDefaults()
        let submissions = (0..<request.choiceCount).map { choice in
            let prompt = request.prompt(ofChoice: choice).dated(moment)
            let sampling = request.sampling(ofChoice: choice, drawnSeed: seed, defaults: defaults)
            let plan: any JobPlan =
                request.kind == .chat
                ? ChatJob(prompt: prompt, sampling: sampling) : CompletionJob(prompt: prompt, sampling: sampling)
            return JobSubmission(plan: plan, model: request.model, principal: exchange.principal)
        }
        do {
            return try core.submit(submissions, request: exchange.identity.id)
        } catch {
            throw APIError(error)
        }
    }
}
