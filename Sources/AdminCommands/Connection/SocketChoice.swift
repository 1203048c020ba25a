// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel

/// Finds the first socket of a list that lets the caller in, and says in words why none does.
enum SocketChoice {
    /// - Throws: `permission` where some socket exists but is closed to the caller, `unreachable` where nobody listens.
    static func firstOpen(of candidates: [String]) throws(CommandError) -> String {
        var failures: [SystemCallError] = []
        for path in candidates {
            do {
                _ = try UnixSocket.connect(to: path, kind: .stream)
                return path
            } catch {
                failures.append(error)
            }
        }
        throw explain(candidates, failures)
    }

    private static func explain(_ candidates: [String], _ failures: [SystemCallError]) -> CommandError {
        if let index = failures.firstIndex(where: { $0.code == EACCES || $0.code == EPERM }) {
            return .permission(
                "\(candidates[index]): permission denied. Ask an administrator to add you to the group deepflow "
                    + "(or deepflow-admin for admin.sock), then log in again.")
        }
        if let long = failures.first(where: { $0.code == ENAMETOOLONG }) { return .usage(long.description) }
        if let index = failures.firstIndex(where: { $0.code == ECONNREFUSED }) {
            return .unreachable(
                "\(candidates[index]): the socket is there but nobody answers; the daemon has ended. "
                    + "Start it again, or name another socket with --socket PATH.")
        }
        return .unreachable(
            "no DeepFlow server found (tried \(candidates.joined(separator: ", "))). "
                + "Start one with Packaging/quickstart, or name its socket with --socket PATH or "
                + "DEEPFLOW_HOST=unix:///PATH.")
    }
}
