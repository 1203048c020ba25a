// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes

/// Routes by the parts of their paths. A part that is written down goes before `:name`, that before `**`.
struct RouteTree: Sendable {
    /// The routes of a path.
    struct Match: Sendable {
        fileprivate let routes: [HTTPRequest.Method: HTTPRoute]
        /// What stands for `:name` or `**`, as it was sent.
        let parameter: String

        /// The route for a method. `HEAD` is answered like `GET`, by a server that leaves the body out.
        func route(for method: HTTPRequest.Method) -> HTTPRoute? {
            routes[method == .head ? .get : method]
        }

        /// All methods that have a route.
        var methods: [HTTPRequest.Method] {
            routes.keys + (routes[.get] == nil ? [] : [.head])
        }
    }

    private struct Node {
        var parts: [String: Int] = [:]
        var anyPart: Int?
        /// Routes whose path ends here.
        var routes: [HTTPRequest.Method: HTTPRoute] = [:]
        /// Routes that take all that follows.
        var rest: [HTTPRequest.Method: HTTPRoute] = [:]
    }

    private var nodes = [Node()]

    init(_ routes: [HTTPRoute]) {
        for route in routes { add(route) }
    }

    private mutating func add(_ route: HTTPRoute) {
        var place = 0
        var parts = Self.parts(of: route.pattern)[...]
        while let part = parts.popFirst() {
            if part == "**" {
                precondition(parts.isEmpty, "\(route.pattern): nothing can follow **")
                let former = nodes[place].rest.updateValue(route, forKey: route.method)
                return precondition(former == nil, "\(route.method) \(route.pattern) is there twice")
            }
            place = child(part, of: place)
        }
        let former = nodes[place].routes.updateValue(route, forKey: route.method)
        precondition(former == nil, "\(route.method) \(route.pattern) is there twice")
    }

    private mutating func child(_ part: String, of place: Int) -> Int {
        let isAny = part.hasPrefix(":")
        if let known = isAny ? nodes[place].anyPart : nodes[place].parts[part] { return known }
        nodes.append(Node())
        if isAny { nodes[place].anyPart = nodes.count - 1 } else { nodes[place].parts[part] = nodes.count - 1 }
        return nodes.count - 1
    }

    private static func parts(of path: String) -> [String] {
        precondition(path.hasPrefix("/"), "\(path) is no path")
        return path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    }

    /// The routes of a path; a slash at its end means nothing.
    func find(_ path: String) -> Match? {
        guard path.utf8.first == UInt8(ascii: "/") else { return nil }
        var rest = Substring(path.utf8.dropFirst())
        if rest.utf8.count > 0, rest.utf8.last == UInt8(ascii: "/") { rest = rest.dropLast() }
        return find(rest, from: 0, parameter: "")
    }

    private func find(_ path: Substring, from place: Int, parameter: Substring) -> Match? {
        let slash = path.utf8.firstIndex(of: UInt8(ascii: "/"))
        let part = path[..<(slash ?? path.endIndex)]
        if let next = nodes[place].parts[String(part)], let match = go(path, slash, to: next, parameter) {
            return match
        }
        if !part.isEmpty, let next = nodes[place].anyPart, let match = go(path, slash, to: next, part) { return match }
        return path.isEmpty || nodes[place].rest.isEmpty
            ? nil : Match(routes: nodes[place].rest, parameter: String(path))
    }

    /// Goes on behind the part that ends at `slash`.
    private func go(_ path: Substring, _ slash: Substring.Index?, to place: Int, _ parameter: Substring) -> Match? {
        if let slash { return find(path[path.utf8.index(after: slash)...], from: place, parameter: parameter) }
        return nodes[place].routes.isEmpty ? nil : Match(routes: nodes[place].routes, parameter: String(parameter))
    }
}
