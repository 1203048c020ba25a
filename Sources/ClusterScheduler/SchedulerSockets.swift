// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import SystemdIntegration
package import UnixHTTP

/// The sockets on which a scheduler is asked, bound.
package struct SchedulerSockets: Sendable {
    package let api: UnixHTTPListener
    package let admin: UnixHTTPListener

    /// Takes over what the service manager calls `api` and `admin`; else binds both at the places of the configuration,
    /// whose runtime directory must exist.
    package static func bind(_ configuration: SchedulerConfiguration) async throws -> SchedulerSockets {
        var activated = ActivatedSockets.inherited()
        return SchedulerSockets(
            api: try await listen(at: configuration.apiSocket, activated.take("api")),
            admin: try await listen(at: configuration.adminSocket, activated.take("admin")))
    }

    /// A scheduler that was killed a moment ago may still answer: so long its successor waits.
    private static let waiting = (tries: 20, pause: Duration.milliseconds(50))

    private static func listen(
        at path: String, _ activated: consuming OwnedDescriptor?
    ) async throws -> UnixHTTPListener {
        if let activated { return .activated(path: path, descriptor: activated) }
        for attempt in 1...waiting.tries {
            do throws(SystemCallError) {
                return try UnixHTTPListener.bind(path: path, mode: 0o660)
            } catch {
                guard error.code == EADDRINUSE else {
                    throw SchedulerStartError.socket(path: path, reason: "\(error)")
                }
            }
            if attempt < waiting.tries { try await ContinuousClock().sleep(for: waiting.pause) }
        }
        throw SchedulerStartError.alreadyRunning(path: path)
    }
}
