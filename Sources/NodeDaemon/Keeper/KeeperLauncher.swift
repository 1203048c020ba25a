// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel

/// Finds the node's keeper, and starts one where none runs.
///
/// The keeper has a session of its own: it goes on when the daemon ends, and the next daemon finds it.
struct KeeperLauncher: Sendable {
    let socketPath: String
    /// Path of `deepflow-keeper`.
    let executable: String
    /// Whether this daemon starts a keeper where none runs. Where it does not, the service manager does.
    var startsOwn = true
    /// How long a new keeper may take to listen.
    private static let timeoutMilliseconds = 10_000
    /// How often a keeper is tried whose socket file exists and does not listen yet: no event tells when it does.
    private static let pauseMilliseconds = 20

    /// A connection to the keeper. Blocks for up to ten seconds: to be called on a thread of its own.
    func connect() throws(NodeDaemonError) -> SharedPacketSocket {
        do throws(SystemCallError) {
            if let socket = try connectIfThere() { return socket }
            guard startsOwn else { throw SystemCallError("connect", socketPath, code: ENOENT) }
            let directory = String(socketPath[..<(socketPath.lastIndex(of: "/") ?? socketPath.startIndex)])
            let watch = try DirectoryWatch(directory)
            let child = try start()
            return try wait(for: child, watch)
        } catch {
            throw .keeperUnavailable("\(error)")
        }
    }

    private func connectIfThere() throws(SystemCallError) -> SharedPacketSocket? {
        do throws(SystemCallError) {
            return SharedPacketSocket(PacketSocket(owning: try UnixSocket.connect(to: socketPath, kind: .packet)))
        } catch {
            guard error.code == ENOENT || error.code == ECONNREFUSED else { throw error }
            return nil
        }
    }

    private func start() throws(SystemCallError) -> ChildProcess {
        let launch = ProcessLaunch(
            executable: executable, arguments: ["--socket", socketPath], descriptors: [nil, nil, STDERR_FILENO],
            startsSession: true)
        let child = ChildProcess(try launch.start())
        // The keeper is a child of this daemon while both live, and would stay a zombie.
        try WorkerThread.start { _ = try? child.waitForEnd() }
        return child
    }

    private func wait(
        for child: ChildProcess, _ watch: borrowing DirectoryWatch
    ) throws(SystemCallError) -> SharedPacketSocket {
        let readiness = try ReadinessList()
        try readiness.add(watch.descriptor.rawValue, key: 0, .readable)
        let deadline = MonotonicTime.now.adding(milliseconds: Self.timeoutMilliseconds)
        while MonotonicTime.now < deadline {
            if let socket = try connectIfThere() { return socket }
            let fileExists = access(socketPath, F_OK) == 0
            _ = try readiness.wait(milliseconds: fileExists ? Self.pauseMilliseconds : 250)
            watch.clear()
        }
        child.kill()
        throw SystemCallError("connect", "\(socketPath) of a new \(executable)", code: ETIMEDOUT)
    }
}
