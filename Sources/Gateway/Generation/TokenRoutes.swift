// SPDX-License-Identifier: Apache-2.0
internal import ClusterScheduler
internal import HTTPTypes
internal import Hummingbird
internal import Messages
internal import OpenAIAPI
internal import ServingModel

/// Tokens of texts and conversations, and texts of tokens, as the model itself reads and writes them.
struct TokenRoutes: Sendable {
    let core: SchedulerCore

    var routes: [GatewayRoute] {
        [
            GatewayRoute(.post, .exactly(SchedulerRoutes.tokenize), access: .client) { exchange in
                try await tokenize(
                    try await BoundedBody.read(exchange.request) { try TokenizationRequest(body: $0) }, exchange)
            },
            GatewayRoute(.post, .exactly(SchedulerRoutes.detokenize), access: .client) { exchange in
                try await detokenize(
                    try await BoundedBody.read(exchange.request) { try DetokenizationRequest(body: $0) }, exchange)
            },
        ]
    }

    private func tokenize(_ request: TokenizationRequest, _ exchange: GatewayExchange) async throws -> Response {
        let reply = try await WholeReply.collect(
            JobSubmission(
                kind: .tokenization, model: request.model,
                work: .tokenization(request.prompt.dated(Int(WallClock.now))), principal: exchange.principal,
                request: exchange.requestID),
            from: core)
        let list = TokenList(
            tokens: reply.tokens, messageTokens: reply.summary.messageTokens, tellsTexts: request.tellsTexts)
        return JSONResponse.make(json: list.json, job: reply.job)
    }

    private func detokenize(_ request: DetokenizationRequest, _ exchange: GatewayExchange) async throws -> Response {
        let reply = try await WholeReply.collect(
            JobSubmission(
                kind: .tokenization, model: request.model, work: .detokenization(request.tokens),
                principal: exchange.principal, request: exchange.requestID), from: core)
        let text = reply.tokens.reduce(into: "") { $0 += $1.text } + reply.summary.rest.text
        return try JSONResponse.make(["prompt": text], job: reply.job)
    }
}
