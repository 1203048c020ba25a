// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel

extension WorkerThread {
    /// Runs `body` on a thread of its own and waits for its result without blocking the caller's.
    static func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            do throws(SystemCallError) {
                try start { continuation.resume(with: Swift.Result { try body() }) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }
}
