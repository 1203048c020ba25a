// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxKernel
internal import Synchronization

/// What comes before the reactor's thread from others: commands, and the turns of the actor that has this for its executor.
///
/// An actor here shares the thread with the sockets that it is told of. What comes in reaches it, and what it sends goes
/// out, without another thread in between, which would cost the wake-up of a core each time.
final class ReactorExchange: SerialExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var commands: [ReactorCommand] = []
        /// The thread waits, or is about to, and must be woken.
        var isAsleep = false
    }

    private let state = Mutex(State())
    /// The number of the thread; 0 before it runs.
    private let thread = Atomic<UInt>(0)
    private let wakeup: WakeupCounter
    /// Where the thread waits.
    let readiness: ReadinessList

    /// `wakeupKey` is the key of what wakes the thread.
    init(wakeupKey: UInt64) throws(SystemCallError) {
        wakeup = try WakeupCounter()
        readiness = try ReadinessList()
        try readiness.add(wakeup.descriptor.rawValue, key: wakeupKey, .readable)
    }

    // MARK: Any thread

    func post(_ command: ReactorCommand) {
        add { $0.commands.append(command) }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        add { $0.jobs.append(job) }
    }

    /// Whether the caller is on the reactor's thread.
    var isOwnThread: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    func checkIsolated() { precondition(isOwnThread, "not on the reactor's thread") }

    private func add(_ change: (inout State) -> Void) {
        let mustWake = state.withLock { state in
            change(&state)
            defer { state.isAsleep = false }
            return state.isAsleep
        }
        if mustWake { wakeup.signal() }
    }

    // MARK: The thread

    /// The calling thread is the reactor's from now on.
    func adoptThread() {
        thread.store(UInt(pthread_self()), ordering: .relaxed)
    }

    /// Whether the thread may sleep: nothing is to be done, and who adds something will wake it.
    func sleeps() -> Bool {
        state.withLock { state in
            state.isAsleep = state.jobs.isEmpty && state.commands.isEmpty
            return state.isAsleep
        }
    }

    /// It does not sleep any more: what is added meanwhile needs no wake-up.
    func wake() {
        state.withLock { $0.isAsleep = false }
    }

    /// The wake-up was seen.
    func clearWakeup() { wakeup.clear() }

    /// Has the actor take the turns that it was asked for.
    func runJobs() {
        let jobs = state.withLock { state in
            defer { state.jobs = [] }
            return state.jobs
        }
        for job in jobs { job.runSynchronously(on: asUnownedSerialExecutor()) }
    }

    /// The commands since the last call.
    func takeCommands() -> [ReactorCommand] {
        state.withLock { state in
            defer { state.commands = [] }
            return state.commands
        }
    }
}
