// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
package import HummingbirdCore
package import Logging
package import ServingModel

/// The routes behind a socket: finds the one of a request, checks that its peer may use it, and turns every error into
/// the API's form.
///
/// 1. No route with the path: 404. 2. None with the method: 405 and `Allow`. 3. A peer without the route's role, or
/// another socket than the route's: 403. Only then the handler runs.
package struct RouteTable: Sendable {
    private let tree: RouteTree
    private let socket: SocketKind
    private let logger: Logger
    /// What errors look like here.
    let errors: any ErrorForm

    /// A table of `routes` as `socket` serves them. Two routes with the same method and pattern are a defect.
    package init(_ routes: [HTTPRoute], on socket: SocketKind, errors: any ErrorForm, logger: Logger) {
        tree = RouteTree(routes)
        self.socket = socket
        self.errors = errors
        self.logger = logger
    }

    /// The answer to a request. Fails with `CancellationError` alone: nobody is there to be answered.
    package func respond(
        to request: Request, of principal: Principal, _ identity: RequestIdentity
    ) async throws(CancellationError) -> Response {
        do {
            return try await dispatch(request, principal, identity)
        } catch  where error is CancellationError || Task.isCancelled {
            throw CancellationError()
        } catch {
            let answer = errors.answer(to: error)
            if answer.isDefect {
                logger.error(
                    "a route failed",
                    metadata: [
                        "method": "\(request.method)", "path": "\(request.uri.path)", "error": "\(error)",
                        "request": "\(identity.text)",
                    ])
            }
            return answer.response
        }
    }

    private func dispatch(
        _ request: Request, _ principal: Principal, _ identity: RequestIdentity
    ) async throws -> Response {
        guard let match = tree.find(request.uri.path) else { throw HTTPRefusal.noSuchPath(request.uri.path) }
        guard let route = match.route(for: request.method) else {
            throw HTTPRefusal.methodNotAllowed(request.method, allowed: match.methods)
        }
        try route.access.check(principal, on: socket)
        return try await route.handler(
            HTTPExchange(
                request: request, principal: principal, identity: identity, socket: socket,
                pathParameter: PercentEncoding.decode(match.parameter)))
    }
}
