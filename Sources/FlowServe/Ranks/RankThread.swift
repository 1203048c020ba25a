// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A thread with a small stack that leaves all signals but its own faults to the instance's first thread.
///
/// Plain pthreads: they can be started in a forked child and inside the sandbox, where Swift's own executors cannot.
final class RankThread {
    /// Kernels keep under 100 KiB on the stack; the rest is for the calls around them.
    private static let stackBytes = 512 * 1024

    private var thread = pthread_t()

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a thread.
    init(rank: Int, body: @escaping @Sendable () -> Void) throws(ModelRunnerError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, Self.stackBytes)

        // A new thread inherits the mask: it is set around the start and put back.
        var blocked = Self.foreignSignals
        var before = sigset_t()
        pthread_sigmask(SIG_SETMASK, &blocked, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }

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
            throw .thread(rank: rank, errno: status)
        }
    }

    /// Waits for the thread's end.
    func join() { pthread_join(thread, nil) }

    /// All signals but those that a thread raises by its own faults.
    private static var foreignSignals: sigset_t {
        var signals = sigset_t()
        sigfillset(&signals)
        for fault in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, SIGABRT] { sigdelset(&signals, fault) }
        return signals
    }
}
