// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
package import Logging
internal import Policies

extension SchedulerCore {
    /// Builds a scheduler over the real directories: makes those that are missing, opens the store, watches for nodes.
    package static func open(
        _ configuration: SchedulerConfiguration, logger: Logger
    ) throws(SchedulerStartError) -> SchedulerCore {
        DaemonPreparation.apply()
        try makeDirectory(configuration.runtimeDirectory, mode: 0o755)
        try makeDirectory(configuration.nodesDirectory, mode: 0o755)
        try makeDirectory(configuration.stateDirectory, mode: 0o755)
        try makeDirectory(configuration.storeDirectory, mode: 0o700)
        let store: JobStore
        let watch: NodeSocketWatch
        do {
            store = try JobStore.open(at: configuration.storePath, limits: configuration.records, logger: logger)
            watch = try NodeSocketWatch(directory: configuration.nodesDirectory)
        } catch let error as JobStoreError {
            throw .store(error)
        } catch {
            throw .directory(path: configuration.nodesDirectory, reason: "\(error)")
        }
        let cluster = ClusterManager(
            policy: LeastLoaded(), grace: .seconds(configuration.nodeGraceSeconds), logger: logger
        ) { node in
            NodeClient(socketPath: watch.socketPath(of: node))
        }
        return SchedulerCore(configuration: configuration, cluster: cluster, store: store, sockets: watch.names())
    }

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
    case store(JobStoreError)

    package var description: String {
        switch self {
        case .directory(let path, let reason):
            "the directory \(path) cannot be used: \(reason); make it, or name another one"
        case .store(let error): error.description
        }
    }
}

/// This process.
enum CurrentProcess {
    static var id: Int32 { getpid() }
}
