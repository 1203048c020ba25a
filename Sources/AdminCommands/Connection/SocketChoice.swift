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
        if let path = candidates.first(where: { fileKind($0) != nil }), let kind = fileKind(path) {
            return .unreachable("\(path) is \(kind) and no socket; name the server's socket with --socket PATH")
        }
        if let index = failures.firstIndex(where: { $0.code == EPROTOTYPE }) {
            return .unreachable(
                "\(candidates[index]) is a socket of another kind than a server's; name admin.sock or api.sock")
        }
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

    /// What stands at `path` instead of a socket, in words; nil for a socket, for nothing, and where it is hidden.
    private static func fileKind(_ path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFSOCK: return nil
        case S_IFDIR: return "a directory"
        case S_IFREG: return "a plain file"
        default: return "a special file"
        }
    }
}
