// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
package import UnixHTTP

/// The sockets on which a scheduler is asked, bound.
package struct SchedulerSockets: Sendable {
    package let api: UnixHTTPListener
    package let admin: UnixHTTPListener

    /// Binds both at the places of the configuration; the runtime directory must exist.
    package static func bind(_ configuration: SchedulerConfiguration) async throws -> SchedulerSockets {
        SchedulerSockets(
            api: try await listen(at: configuration.apiSocket), admin: try await listen(at: configuration.adminSocket))
    }

    /// A scheduler that was killed a moment ago may still answer: so long its successor waits.
    private static let patience = (tries: 20, pause: Duration.milliseconds(50))

    private static func listen(at path: String) async throws -> UnixHTTPListener {
        for attempt in 1...patience.tries {
            do throws(SystemCallError) {
                return try UnixHTTPListener.bind(path: path, mode: 0o660)
            } catch {
                guard error.code == EADDRINUSE else {
                    throw SchedulerStartError.socket(path: path, reason: "\(error)")
                }
            }
            if attempt < patience.tries { try await ContinuousClock().sleep(for: patience.pause) }
        }
        throw SchedulerStartError.alreadyRunning(path: path)
    }
}
