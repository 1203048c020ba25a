// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import NIOCore
internal import NIOPosix

/// Runs a daemon's tasks on the threads that read and write its sockets.
///
/// Swift's own pool would do it too, with two costs. Each part of an answer would change threads twice on its way, and
/// the pool sets the nice value of every thread that it starts to zero: with all cores computing, a daemon would wait
/// for time slices although its user may have a better priority. NIO's threads keep what they are given.
package enum EventLoopTasks {
    /// A daemon from its first line to its last: runs `body` and all tasks that it has as children on one event loop while the
    /// calling thread, the process's first, waits; connections keep to their own loops. The loops' threads get the daemons'
    /// priority.
    ///
    /// An asynchronous `main` would do with less, but its tasks have the main thread's priority, which is higher than usual:
    /// each that strays to Swift's own pool makes libdispatch ask for a nice value that a service may not have, and
    /// libdispatch writes that into the log.
    ///
    /// Where `parent` is given, the end of that process is a SIGTERM to this one.
    package static func run(
        endingWith parent: Int32? = nil, _ body: @escaping @Sendable () async throws -> Void
    ) throws {
        DaemonPreparation.holdSignals()
        if let parent { try ParentProcess.follow(parent) }
        DaemonPreparation.apply()
        let group = MultiThreadedEventLoopGroup.singleton
        // Each of them has run something: its thread is there.
        for loop in group.makeIterator() { try loop.submit {}.wait() }
        DaemonPreparation.raisePriority()
        let loop = group.next()
        let end = loop.makePromise(of: Void.self)
        Task(executorPreference: EventLoopExecutor(loop: loop), priority: .medium) {
            do {
                try await body()
                end.succeed()
            } catch {
                end.fail(error)
            }
        }
        try end.futureResult.wait()
    }

    /// Does something now and again and again until the task is cancelled; nothing where no interval is given.
    package static func repeating(everyMicroseconds interval: Int?, _ action: @Sendable () async -> Void) async {
        guard let interval else { return }
        repeat { await action() } while (try? await Task.sleep(for: .microseconds(interval))) != nil
    }

    /// Runs `body` away from the event loops, for work that may take long: whole megabytes to be understood.
    package static func offLoop<Result: Sendable>(
        _ body: @Sendable () throws -> Result
    ) async rethrows -> Result {
        try await withTaskExecutorPreference(globalConcurrentExecutor) { try body() }
    }

    /// Runs `body` and its child tasks on a loop.
    static func on(_ loop: any EventLoop, _ body: @Sendable () async throws -> Void) async rethrows {
        try await withTaskExecutorPreference(EventLoopExecutor(loop: loop)) { try await body() }
    }
}

/// An event loop as a place for tasks.
private final class EventLoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(loop: any EventLoop) {
        self.loop = loop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
