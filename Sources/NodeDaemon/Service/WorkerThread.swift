// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel

/// A thread of its own for code that blocks: the pool behind Swift's tasks has one thread per core and none to spare.
enum WorkerThread {
    /// Starts `body` on a detached thread.
    static func start(_ body: @escaping @Sendable () -> Void) throws(SystemCallError) {
        let box = Unmanaged.passRetained(Body(run: body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        guard code == 0 else {
            box.release()
            throw SystemCallError("pthread_create", code: code)
        }
        pthread_detach(thread)
    }

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

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
