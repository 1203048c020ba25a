// SPDX-License-Identifier: Apache-2.0
internal import ClusterScheduler
internal import HTTPTypes
internal import HummingbirdCore
internal import Messages
internal import OpenAIAPI
internal import ServingModel
internal import UnixHTTP

/// Jobs: a user sees and ends their own, an administrator on `admin.sock` all.
struct JobRoutes: Sendable {
    let core: SchedulerCore

    var routes: [HTTPRoute] {
        [
            HTTPRoute(.get, SchedulerRoutes.jobs, access: .client) { exchange in
                let userID = exchange.isAdministrator ? nil : exchange.principal.userID
                return try JSONResponse.make(try await core.recentJobs(try limit(exchange), userID: userID))
            },
            HTTPRoute(.get, SchedulerRoutes.job("**"), access: .client) { exchange in
                try JSONResponse.make(try await find(exchange))
            },
            HTTPRoute(.delete, SchedulerRoutes.job("**"), access: .client) { exchange in
                let record = try await find(exchange)
                guard let live = core.jobs.find(record.id), !live.record.status.isFinal else {
                    throw APIError(.conflict, "job \(record.id) is over: it is \(record.status.rawValue)")
                }
                let who = record.userID == exchange.principal.userID ? "its user" : "an administrator"
                live.end(JobFailure(.cancelled, "the job was cancelled by \(who)"))
                return Response(status: .noContent)
            },
        ]
    }

    private func limit(_ exchange: HTTPExchange) throws(APIError) -> Int {
        guard let text = exchange.query("limit") else { return 50 }
        guard let limit = Int(text), (1...1000).contains(limit) else {
            throw APIError(
                .invalidRequest, "'limit' must be an integer from 1 to 1000, not '\(text.prefix(32))'",
                parameter: "limit")
        }
        return limit
    }

    /// Another user's job is as good as none, so that ids tell nothing.
    private func find(_ exchange: HTTPExchange) async throws -> JobRecord {
        if let id = JobID(exchange.pathParameter), let record = try await core.job(id),
            exchange.isAdministrator || record.userID == exchange.principal.userID
        {
            return record
        }
        throw APIError(
            .notFound, "there is no job '\(exchange.pathParameter.prefix(64))': GET \(SchedulerRoutes.jobs) lists them")
    }
}
