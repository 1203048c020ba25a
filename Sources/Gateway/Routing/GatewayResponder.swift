// SPDX-License-Identifier: Apache-2.0
internal import ClusterScheduler
package import Hummingbird
package import Logging
internal import OpenAIAPI
internal import ServingModel
package import UnixHTTP

/// Finds the route of a request, checks that its peer may use it, and turns every error into OpenAI's envelope.
///
/// 1. No route with the path: 404. 2. None with the method: 405. 3. A peer without the route's role, or an admin route
/// on `api.sock`: 403. Only then the handler runs.
package struct GatewayResponder: HTTPResponder {
    package typealias Context = PeerRequestContext

    private let routes: [GatewayRoute]
    private let listener: GatewayListener
    private let logger: Logger

    package init(routes: [GatewayRoute], listener: GatewayListener, logger: Logger) {
        self.routes = routes
        self.listener = listener
        self.logger = logger
    }

    package func respond(to request: Request, context: PeerRequestContext) async throws -> Response {
        do {
            return try await dispatch(request, context)
        } catch  where error is CancellationError || Task.isCancelled {
            // The peer is gone: there is nobody to answer.
            throw CancellationError()
        } catch let refusal as JobRefusal {
            return ErrorResponse.make(refusal.error, job: refusal.job)
        } catch let unread as UnreadBody {
            return ErrorResponse.makeLast(unread)
        } catch {
            return ErrorResponse.make(apiError(error, request))
        }
    }

    private func dispatch(_ request: Request, _ context: PeerRequestContext) async throws -> Response {
        let path = Self.normalized(request.uri.path)
        let matches = routes.compactMap { route in route.pattern.match(path).map { (route: route, below: $0) } }
        guard !matches.isEmpty else {
            throw APIError(.notFound, "there is nothing at \(path.prefix(200)): see the documentation of the API")
        }
        // What answers GET answers HEAD; the server leaves the body out.
        let method = request.method == .head ? .get : request.method
        guard let match = matches.first(where: { $0.route.method == method }) else {
            return ErrorResponse.makeAllowing(matches.map(\.route.method), not: request.method)
        }
        try check(match.route.access, context.principal)
        let below = PercentEncoding.decode(match.below)
        return try await match.route.handler(
            GatewayExchange(
                request: request, principal: context.principal, requestID: context.identity.id, listener: listener,
                below: below))
    }

    private func check(_ access: AccessClass, _ principal: Principal) throws(APIError) {
        if access == .admin, listener != .admin {
            throw APIError(.forbidden, "this is served on admin.sock only: connect to that socket")
        }
        guard principal.roles.contains(access.role) else {
            let group = access == .admin ? "deepflow-admin" : "deepflow"
            throw APIError(
                .forbidden,
                "user \(principal.userID) may not do this: an administrator can add them to the group \(group)")
        }
    }

    private func apiError(_ error: any Error, _ request: Request) -> APIError {
        if let error = error as? APIError { return error }
        if let refusal = error as? HTTPRefusal { return APIError(refusal) }
        if let error = error as? any HTTPResponseError {
            return APIError(APIErrorKind(status: error.status.code), "the request was refused: \(error.status)")
        }
        logger.error(
            "a route failed",
            metadata: ["method": "\(request.method)", "path": "\(request.uri.path)", "error": "\(error)"])
        return APIError(.internalError, "something went wrong here: the scheduler's log has the details")
    }

    /// A slash at the end means nothing.
    private static func normalized(_ path: String) -> String {
        path.utf8.count > 1 && path.utf8.last == UInt8(ascii: "/") ? String(path.dropLast()) : path
    }
}
