// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// Which socket to speak to, decided from the flags and the environment before anything is sent.
///
/// 1. `--socket PATH`; 2. `DEEPFLOW_HOST=unix:///PATH`; 3. the first of the default directories where the caller may
/// connect to `admin.sock`, else `api.sock`. A node's socket lies in `nodes/` beside the chosen one.
package struct ServerAddress: Equatable, Sendable {
    /// Sockets to try, best first; never empty.
    package let candidates: [String]

    /// - Throws: `usage` for an empty path, `configuration` where DEEPFLOW_HOST has a form that nobody understands.
    package init(socket: String?, environment: [String: String]) throws(CommandError) {
        if let socket {
            guard !socket.isEmpty else {
                throw .usage("--socket names no path: give that of a socket, or leave the option out")
            }
            candidates = [socket]
        } else if let host = environment["DEEPFLOW_HOST"], !host.isEmpty {
            candidates = [try Self.path(ofHost: host)]
        } else {
            candidates = Self.directories(environment).flatMap { ["\($0)/admin.sock", "\($0)/api.sock"] }
        }
    }

    /// The sockets of one node beside the candidates, best first. A candidate that is itself a node's socket has the
    /// node's beside it, not below.
    package func nodeCandidates(_ node: NodeName) -> [String] {
        var paths: [String] = []
        for candidate in candidates {
            let directory = Self.directory(of: candidate)
            let isOfNodes = directory == "nodes/" || directory.hasSuffix("/nodes/")
            let path = directory + (isOfNodes ? "" : "nodes/") + "\(node).sock"
            if !paths.contains(path) { paths.append(path) }
        }
        return paths
    }

    private static func directories(_ environment: [String: String]) -> [String] {
        let personal = environment["XDG_RUNTIME_DIR"].flatMap { $0.isEmpty ? nil : "\($0)/deepflow" }
        return ["/run/deepflow"] + (personal.map { [$0] } ?? [])
    }

    private static func path(ofHost host: String) throws(CommandError) -> String {
        let scheme = "unix://"
        let path = String(host.dropFirst(scheme.count))
        guard host.hasPrefix(scheme), path.hasPrefix("/") else {
            throw .configuration("DEEPFLOW_HOST is '\(host)'; set it to unix:///PATH, with the path of a socket")
        }
        return path
    }

    /// With the final `/`; empty for a bare file name.
    private static func directory(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    }
}
