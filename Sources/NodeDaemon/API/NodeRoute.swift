// SPDX-License-Identifier: Apache-2.0
internal import Hummingbird
internal import Messages
internal import ServingModel
internal import UnixHTTP

/// One route of the node API with the roles that may use it. There is no way to serve a route without saying which.
struct NodeRoute: Sendable {
    typealias Handler = @Sendable (Request, PeerRequestContext) async throws -> Response

    let method: HTTPRequest.Method
    /// In the router's form: `:id` is one part of a path, `**` all that follow.
    let path: String
    /// A peer needs one of these.
    let roles: Set<Principal.Role>
    let handle: Handler

    init(_ method: HTTPRequest.Method, _ path: String, _ roles: Set<Principal.Role>, handle: @escaping Handler) {
        precondition(!roles.isEmpty, "every route has somebody who may use it")
        self.method = method
        self.path = path
        self.roles = roles
        self.handle = handle
    }

    /// Answers the request where the peer may ask, else 403.
    func answer(_ request: Request, _ context: PeerRequestContext) async throws -> Response {
        guard !roles.isDisjoint(with: context.principal.roles) else {
            let names = roles.map(\.rawValue).sorted().joined(separator: " or ")
            throw NodeAPIError(
                code: "forbidden",
                message: "this needs the role \(names), which user \(context.principal.userID) does not have: "
                    + "join the group deepflow-admin, or run the command as root")
        }
        return try await handle(request, context)
    }
}

extension [NodeRoute] {
    /// A router of exactly these routes, with every error in the node API's form.
    func makeRouter() -> Router<PeerRequestContext> {
        let router = Router(context: PeerRequestContext.self)
        router.add(middleware: NodeErrorMiddleware())
        for route in self {
            router.on(RouterPath(route.path), method: route.method) { request, context in
                try await route.answer(request, context)
            }
        }
        return router
    }
}
