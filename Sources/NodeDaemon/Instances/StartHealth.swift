// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import ServingModel

/// How the recent starts of a content's processes went: failures make the next start wait longer.
///
/// It is also the content's circuit breaker. Two things count: what fails before it is ready, and crashes that one request
/// causes again; each until something shows that it is over, a ready process or a task that succeeds. A death from outside
/// counts for nothing. Closed up to `failureLimit` failures in a row; then open, which refuses new tasks at once, until the
/// pause is over; then half open: one start is tried, and either closes it or opens it for longer.
struct StartHealth: Sendable {
    /// After this many failures in a row the waiting tasks are failed.
    static let failureLimit = 3
    private static let firstPauseMilliseconds: UInt64 = 100
    private static let longestPauseMilliseconds: UInt64 = 30_000

    /// Starts that failed in a row.
    private var failedStarts = 0
    /// Crashes in a row whose request had crashed another instance before.
    private var repeatedCrashes = 0
    /// What the last failure said.
    private(set) var lastFailure = ""
    /// No start before this.
    private(set) var notBefore = MonotonicTime(nanoseconds: 0)

    var failures: Int { failedStarts + repeatedCrashes }

    var isOverLimit: Bool { failures >= Self.failureLimit }

    /// Whether no start will be tried for tasks that come now.
    func isOpen(at now: MonotonicTime) -> Bool { isOverLimit && now < notBefore }

    /// A template or an instance ended before it was ready.
    mutating func noteFailedStart(_ message: String, at now: MonotonicTime) {
        pause(message, at: now)
        failedStarts += 1
    }

    /// An instance crashed, and a request that it worked on has crashed another one before.
    mutating func noteRepeatedCrash(_ message: String, at now: MonotonicTime) {
        pause(message, at: now)
        repeatedCrashes += 1
    }

    /// An instance is ready.
    mutating func noteStart() {
        failedStarts = 0
    }

    private mutating func pause(_ message: String, at now: MonotonicTime) {
        lastFailure = message
        let doublings = UInt64(min(failures, 10))
        let pause = min(Self.firstPauseMilliseconds << doublings, Self.longestPauseMilliseconds)
        notBefore = now.adding(milliseconds: Int(pause))
    }
}

/// How starts go, by content; the sole owner of that.
struct StartHealthTable: Sendable {
    /// Only those that have failed.
    private var states: [String: StartHealth] = [:]
    private var crashes = CrashHistory()

    subscript(content: String) -> StartHealth? { states[content] }

    /// Nothing has failed lately.
    var isEmpty: Bool { states.isEmpty }

    /// Whether the next start need not wait.
    func allowsStart(of content: String, at now: MonotonicTime) -> Bool { (states[content]?.notBefore ?? now) <= now }

    /// Whether starts have failed so often that those who wait are told.
    func isOverLimit(_ content: String) -> Bool { states[content]?.isOverLimit == true }

    /// A template or an instance ended before it was ready.
    mutating func noteFailedStart(of content: String, _ message: String, at now: MonotonicTime) {
        states[content, default: StartHealth()].noteFailedStart(message, at: now)
    }

    /// An instance ended that nobody had told to: before it was ready, or by a crash while it worked for `jobs`.
    mutating func noteEnd(
        of instance: PooledInstance, _ ending: InstanceEnding, _ cause: InstanceEnding.Cause, _ jobs: Set<JobID>,
        now: MonotonicTime
    ) {
        if instance.isStarting {
            noteFailedStart(of: instance.pool.content, ending.message, at: now)
        } else if cause == .fault, crashes.noteCrash(of: jobs) {
            states[instance.pool.content, default: StartHealth()].noteRepeatedCrash(ending.message, at: now)
        }
    }

    /// An instance is ready.
    mutating func noteStart(of content: String) {
        states[content]?.noteStart()
        if states[content]?.failures == 0 { states[content] = nil }
    }

    /// A task has succeeded, or whatever failed is not there any more, or a person wants it tried again.
    mutating func clear(_ content: String) {
        states[content] = nil
    }
}

/// Requests that were at work when instances crashed, lately: the oldest are dropped first.
private struct CrashHistory: Sendable {
    private static let limit = 1024
    private var jobs: [JobID: Int] = [:]
    private var oldestFirst: [JobID] = []

    /// An instance crashed that worked on these; whether one of them had crashed another before.
    mutating func noteCrash(of crashed: some Sequence<JobID>) -> Bool {
        var isRepeated = false
        for job in crashed {
            let count = jobs[job, default: 0]
            if count == 0 { oldestFirst.append(job) } else { isRepeated = true }
            jobs[job] = count + 1
        }
        if oldestFirst.count > Self.limit {
            let excess = oldestFirst.count - Self.limit / 2
            for job in oldestFirst.prefix(excess) { jobs[job] = nil }
            oldestFirst.removeFirst(excess)
        }
        return isRepeated
    }
}

extension MonotonicTime {
    /// The point in time so many seconds later.
    func adding(seconds: Int) -> MonotonicTime { adding(milliseconds: 1000 * max(0, seconds)) }
}
