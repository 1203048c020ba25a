// SPDX-License-Identifier: Apache-2.0
package import DaemonSettings
internal import Glibc
internal import LinuxKernel
internal import Logging
internal import ServiceLifecycle
package import SettingFiles
internal import SystemdIntegration
internal import UnixHTTP
internal import UnixSignals

/// A node daemon from its start to its end.
package enum NodeProcess {
    /// Serves until SIGTERM or SIGINT, on the event loops (see `EventLoopTasks.run`), with the settings of `live`, which are
    /// read again from `sources` on SIGHUP. Throws `NodeDaemonError` where it cannot begin.
    package static func run(_ live: LiveSettings<NodeSettings>, sources: SettingSources) async throws {
        let configuration = NodeConfiguration(live.current)
        DaemonPreparation.apply()
        ServiceLog.bootstrap(program: "deepflow-noded")
        var logger = Logger(label: "deepflow-noded")
        logger[metadataKey: LogKey.node.rawValue] = "\(configuration.node)"
        let listener = try await listen(configuration)
        let lock = try lockState(configuration.nodeDirectory)
        defer { withExtendedLifetime(lock) {} }
        ServiceNotification.status("reads the model store")
        ServiceNotification.extendTimeout(bySeconds: openingSeconds)
        let store = try ModelStore(directory: configuration.modelDirectory, logger: logger)
        let reactor = try InstanceReactor()
        let launcher = KeeperLauncher(
            socketPath: configuration.keeperPath, executable: try ProcessLaunch.sibling("deepflow-keeper"),
            startsOwn: configuration.startsKeeper)
        let catalog = ModelCatalog(store: store, engine: try ProcessLaunch.sibling("flowserve"))
        let effects = ReactorEffects(
            reactor: reactor, launcher: launcher, catalog: catalog, directory: configuration.nodeDirectory,
            logger: logger)
        let service = NodeActor(configuration: configuration, catalog: catalog, effects: effects)
        let table = NodeRouteTable(service: service)
        let roles = RoleTable.ofHost()
        let server = UnixHTTPServer(
            listeners: [listener],
            routes: RouteTable(table.routes, on: .node, errors: NodeErrorForm(), logger: logger), roles: roles,
            limits: UnixHTTPLimits(live.current.http), logger: logger)
        // Stopped in reverse: first running answers end, then nobody gets in any more, then the node lets go of its keeper.
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    NodeRuntime(service: service), server, NodeDrain(service: service),
                    SettingsReload(live, sources: sources, logger: logger) { await service.reconfigure($0) },
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }

    /// How long the store may take to be read: thousands of models on a disk that is busy.
    private static let openingSeconds = 600

    /// Locks a node's state directory, which is made where it is missing: two daemons on one would remove each other's
    /// unfinished files.
    ///
    /// - Throws: `NodeDaemonError.stateInUse` where another daemon still has it after `milliseconds`.
    static func lockState(
        _ directory: String, milliseconds: Int = FileLock.successionMilliseconds
    ) throws(NodeDaemonError) -> FileLock {
        try NodeDaemonError.preparing(directory, mode: 0o750)
        let path = directory + "/lock"
        do throws(SystemCallError) {
            if let lock = try FileLock.acquire(path, milliseconds: milliseconds) { return lock }
        } catch {
            throw .cannotPrepare(path: path, reason: "\(error)")
        }
        throw .stateInUse(directory: directory)
    }

    /// A daemon that was killed a moment ago may still answer: so long its successor waits.
    private static let succession = (tries: 20, pause: Duration.milliseconds(50))

    /// Takes over what the service manager calls `node`; else binds the node's path.
    private static func listen(_ configuration: NodeConfiguration) async throws -> UnixHTTPListener {
        var activated = ActivatedSockets.inherited()
        if let socket = activated.take("node") {
            return .activated(path: configuration.socketPath, descriptor: socket)
        }
        for folder in ["nodes", "keepers"] {
            try NodeDaemonError.preparing("\(configuration.runtimeDirectory)/\(folder)", mode: 0o755)
        }
        for _ in 0..<succession.tries {
            do throws(SystemCallError) {
                return try UnixHTTPListener.bind(path: configuration.socketPath, mode: 0o666)
            } catch {
                guard error.code == EADDRINUSE else {
                    throw NodeDaemonError.cannotPrepare(path: configuration.socketPath, reason: "\(error)")
                }
            }
            try await ContinuousClock().sleep(for: succession.pause)
        }
        throw NodeDaemonError.alreadyRunning(path: configuration.socketPath)
    }
}

/// What a stop waits for before anything is stopped.
private struct NodeDrain: Service {
    let service: NodeActor

    func run() async throws {
        try await gracefulShutdown()
        ServiceNotification.stopping("lets running answers end")
        ServiceNotification.extendTimeout(bySeconds: await service.configuration.stopSeconds)
        await service.drain()
    }
}

/// The node's own work as a service: it ends when the daemon is told to stop, or must not go on.
private struct NodeRuntime: Service {
    let service: NodeActor

    func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await service.run() }
            group.addTask {
                try? await gracefulShutdown()
                await service.stop()
            }
            group.addTask {
                await service.untilRefused()
                await service.stop()
            }
            // A short question to the service shows that it takes its turns.
            async let _ = EventLoopTasks.repeating(everyMicroseconds: ServiceWatchdog()?.interval) {
                _ = await service.refusal
                ServiceNotification.alive()
            }
            await group.next()
            // All three have come to their end, or do now: without `run` nothing is waited for.
            group.cancelAll()
        }
        if let refusal = await service.refusal { throw refusal }
    }
}
