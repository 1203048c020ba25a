// SPDX-License-Identifier: Apache-2.0
internal import ClusterScheduler
internal import HTTPTypes
internal import HummingbirdCore
internal import Messages
internal import OpenAIAPI
internal import ServingModel
internal import UnixHTTP

/// Tokens of texts and conversations, and texts of tokens, as the model itself reads and writes them.
struct TokenRoutes: Sendable {
    let core: SchedulerCore

    var routes: [HTTPRoute] {
        [
            HTTPRoute(.post, SchedulerRoutes.tokenize, access: .client) { exchange in
                try await tokenize(
                    try await exchange.read { try TokenizationRequest(body: $0) }, exchange)
            },
            HTTPRoute(.post, SchedulerRoutes.detokenize, access: .client) { exchange in
                try await detokenize(
                    try await exchange.read { try DetokenizationRequest(body: $0) }, exchange)
            },
        ]
    }

    private func tokenize(_ request: TokenizationRequest, _ exchange: HTTPExchange) async throws -> Response {
        let reply = try await WholeReply.collect(
            JobSubmission(
                plan: TokenizationJob(tokensOf: request.prompt.dated(Int(core.clock.secondsSince1970))),
                model: request.model,
                principal: exchange.principal),
            request: exchange.identity.id, from: core)
        let list = TokenList(
            tokens: reply.tokens, messageTokens: reply.summary.messageTokens, tellsTexts: request.tellsTexts)
        return JSONResponse.make(json: list.json, job: reply.job)
    }

    private func detokenize(_ request: DetokenizationRequest, _ exchange: HTTPExchange) async throws -> Response {
        let reply = try await WholeReply.collect(
            JobSubmission(
                plan: TokenizationJob(textOf: request.tokens), model: request.model, principal: exchange.principal),
            request: exchange.identity.id, from: core)
        let text = reply.tokens.reduce(into: "") { $0 += $1.text } + reply.summary.rest.text
        return try JSONResponse.make(["prompt": text], headers: [JobHeader.name: reply.job.description])
    }
}
