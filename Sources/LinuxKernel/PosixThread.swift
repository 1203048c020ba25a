// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// A thread beside Swift's executors, for code that blocks, or that runs where those cannot: in a forked child and inside
/// the sandbox.
package final class PosixThread {
    /// Enough for code that keeps under 100 KiB there; all of it counts against an instance's memory.
    package static let smallStack = 512 * 1024

    private var thread = pthread_t()

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a thread that is to be joined.
    ///
    /// - Parameter stackBytes: nil leaves the system's size.
    /// - Parameter takesSignals: else it leaves all signals but its own faults to the process's first thread.
    package init(
        stackBytes: Int? = nil, takesSignals: Bool = false, _ body: @escaping @Sendable () -> Void
    ) throws(SystemCallError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        if let stackBytes { pthread_attr_setstacksize(&attributes, stackBytes) }
        // A new thread inherits the mask: it is set around the start and put back.
        var before = sigset_t()
        if !takesSignals {
            var blocked = Self.foreignSignals
            pthread_sigmask(SIG_SETMASK, &blocked, &before)
        }
        defer { if !takesSignals { pthread_sigmask(SIG_SETMASK, &before, nil) } }
        let context = Unmanaged.passRetained(Body(body))
        let status = pthread_create(
            &thread, &attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard status == 0 else {
            context.release()
            throw SystemCallError("pthread_create", code: status)
        }
    }

    /// Starts a thread that nobody waits for.
    package static func detach(_ body: @escaping @Sendable () -> Void) throws(SystemCallError) {
        let started = try PosixThread(takesSignals: true, body)
        pthread_detach(started.thread)
    }

    /// Waits for the thread's end. Once, and not for one that is detached.
    package func join() { pthread_join(thread, nil) }

    /// All signals but those that a thread raises by its own faults.
    private static var foreignSignals: sigset_t {
        var signals = sigset_t()
        sigfillset(&signals)
        for fault in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, SIGABRT] { sigdelset(&signals, fault) }
        return signals
    }
}
