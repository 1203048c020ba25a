// SPDX-License-Identifier: Apache-2.0
package import DaemonSettings
package import Logging
internal import ServiceLifecycle
internal import SystemdIntegration
internal import UnixSignals

/// Reads a daemon's settings again on SIGHUP, while it serves. Nothing is changed by sources that have a problem.
package struct SettingsReload<Settings: SettingSet>: Service {
    private let live: LiveSettings<Settings>
    private let sources: SettingSources
    private let logger: Logger
    private let apply: @Sendable (Settings) async -> Void

    /// - Parameter apply: told of new settings for those parts that do not look at `live` by themselves.
    package init(
        _ live: LiveSettings<Settings>, sources: SettingSources, logger: Logger,
        apply: @escaping @Sendable (Settings) async -> Void
    ) {
        self.live = live
        self.sources = sources
        self.logger = logger
        self.apply = apply
    }

    /// Waits for SIGHUP until the daemon stops.
    package func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            ServiceNotification.reloading("reads its settings again")
            await reload()
            ServiceNotification.ready("takes requests")
        }
    }

    /// Reads all sources once.
    func reload() async {
        let resolved = ResolvedSettings<Settings>(layers: sources.layers())
        guard resolved.problems.isEmpty else {
            for problem in resolved.problems { logger.error("\(problem)") }
            return logger.error("the settings stay as they were: mend the lines above and reload again")
        }
        let changes = live.replace(by: resolved.settings)
        if !changes.applied.isEmpty { await apply(changes.settings) }
        for change in changes.applied { logger.notice("setting changed: \(change)") }
        for change in changes.postponed {
            logger.warning("setting needs a restart: \(change)")
        }
        if changes.applied.isEmpty && changes.postponed.isEmpty { logger.notice("no setting has changed") }
    }
}
