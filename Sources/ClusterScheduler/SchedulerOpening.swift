// SPDX-License-Identifier: Apache-2.0
package import DaemonSettings
internal import Glibc
internal import LinuxKernel
package import Logging
internal import Policies
internal import SystemdIntegration

extension SchedulerCore {
    /// Builds a scheduler over the real directories: makes those that are missing, opens the store, watches for nodes.
    /// Where nothing can be written to the state directory, records are kept in memory: answers matter more.
    package static func open(
        _ settings: LiveSettings<SchedulerSettings>, logger: Logger
    ) throws(SchedulerStartError) -> SchedulerCore {
        let configuration = SchedulerConfiguration(settings.current)
        DaemonPreparation.apply()
        try makeDirectory(configuration.runtimeDirectory, mode: 0o755)
        try makeDirectory(configuration.nodesDirectory, mode: 0o755)
        ServiceNotification.status("opens the history of jobs")
        ServiceNotification.extendTimeout(bySeconds: openingSeconds)
        let records = try SchedulerRecords.open(configuration, logger: logger)
        let watch: NodeSocketWatch
        do {
            watch = try NodeSocketWatch(directory: configuration.nodesDirectory)
        } catch {
            throw .directory(path: configuration.nodesDirectory, reason: "\(error)")
        }
        let cluster = ClusterManager(
            policy: LeastLoaded(), limits: configuration.nodeLimits, logger: logger
        ) { node in
            NodeClient(
                socketPath: watch.socketPath(of: node), scheduler: records.identity,
                timeout: .seconds(configuration.nodeAnswerSeconds))
        }
        return SchedulerCore(
            settings: settings, cluster: cluster, history: records.history, sockets: watch.names(),
            lock: records.lock)
    }

    /// How long the records may take to open: a new table over a hundred thousand of them, or the log of a scheduler that
    /// was killed, on a disk that is busy.
    private static let openingSeconds = 600

    private static func makeDirectory(_ path: String, mode: UInt32) throws(SchedulerStartError) {
        do throws(SystemCallError) {
            try DirectoryPath.make(path, mode: mode)
        } catch {
            throw .directory(path: path, reason: error.description)
        }
    }
}

/// Why a scheduler cannot start.
package enum SchedulerStartError: Error, Hashable, Sendable, CustomStringConvertible {
    case directory(path: String, reason: String)
    case socket(path: String, reason: String)
    case history(JobHistoryError)
    /// Another scheduler keeps its records there.
    case stateInUse(directory: String)
    /// Another scheduler answers there.
    case alreadyRunning(path: String)

    package var description: String {
        switch self {
        case .directory(let path, let reason):
            "the directory \(path) cannot be used: \(reason); make it, or name another one"
        case .socket(let path, let reason):
            "there can be no socket at \(path): \(reason); choose another --runtime-directory"
        case .history(let error): error.description
        case .stateInUse(let directory):
            "another scheduler keeps its records in \(directory): stop it first, or choose another --state-directory"
        case .alreadyRunning(let path):
            "a scheduler answers on \(path) already: stop it first, or choose another --runtime-directory"
        }
    }
}

/// This process.
enum CurrentProcess {
    static var id: Int32 { getpid() }
}
