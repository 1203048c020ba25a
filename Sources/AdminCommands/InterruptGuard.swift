// SPDX-License-Identifier: Apache-2.0
internal import Dispatch
internal import Glibc

/// Lets Ctrl-C end long work in order: the connection is given up, so that the server stops working for nobody, and the
/// command ends with 130. A second Ctrl-C ends it at once.
enum InterruptGuard {
    /// Runs `work`; an interrupt cancels its task.
    static func run<Result: Sendable>(
        _ work: @escaping @Sendable () async throws(CommandError) -> Result
    ) async throws(CommandError) -> Result {
        let task = Task { () async -> Swift.Result<Result, CommandError> in
            do throws(CommandError) {
                return .success(try await work())
            } catch {
                return .failure(error)
            }
        }
        signal(SIGINT, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        source.setEventHandler {
            if task.isCancelled {
                StandardStreams.endInterruptedLine(
                    errorIsTerminal: StandardStreams.errorIsTerminal,
                    outputIsTerminal: StandardStreams.outputIsTerminal)
                exit(CommandError.interrupted.exitCode)
            }
            task.cancel()
        }
        source.resume()
        defer {
            source.cancel()
            signal(SIGINT, SIG_DFL)
        }
        return try await task.value.get()
    }
}
