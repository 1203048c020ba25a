// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// Who may run now, who waits, who is sent away.
///
/// Jobs of one tenant run in order of arrival; tenants with waiting jobs take turns, so that one with a thousand jobs
/// delays another's first by one job, not by a thousand. All bounds are given: what a client can grow ends in a refusal.
///
/// A job is in one of these states and leaves them only as named:
/// - waiting: `arrive` put it there; goes to running (`leave` or `withdraw` of another), or out (`withdraw`).
/// - running: `arrive` or another's `leave` let it in; goes out (`leave`).
package struct AdmissionQueue: Sendable {
    /// How much may run and wait.
    package struct Limits: Hashable, Sendable {
        /// Jobs that run at once, over all tenants.
        package var running: Int
        /// Jobs that wait, over all tenants.
        package var waiting: Int
        /// Jobs of one tenant that wait.
        package var waitingPerTenant: Int

        package init(running: Int = 256, waiting: Int = 4096, waitingPerTenant: Int = 1024) {
            self.running = max(1, running)
            self.waiting = max(0, waiting)
            self.waitingPerTenant = max(0, waitingPerTenant)
        }
    }

    /// What becomes of a job that has just arrived.
    package enum Admission: Hashable, Sendable {
        case admitted
        /// Number of jobs before it, of all tenants.
        case queued(ahead: Int)
        case refused(Refusal)
    }

    /// Why a job is sent away.
    package enum Refusal: Hashable, Sendable {
        case tenantQueueFull(limit: Int)
        case queueFull(limit: Int)
    }

    package private(set) var limits: Limits
    private var running: Set<JobID> = []
    private var lines: [String: [JobID]] = [:]
    /// Tenants with a line, whose turn is next first.
    private var turns: [String] = []
    private var tenants: [JobID: String] = [:]

    package init(limits: Limits) {
        self.limits = limits
    }

    /// Jobs that were let in and have not left.
    package var runningCount: Int { running.count }
    /// Jobs that wait.
    package var waitingCount: Int { tenants.count }

    /// A job comes; each id comes once.
    package mutating func arrive(_ job: JobID, of tenant: String) -> Admission {
        precondition(!running.contains(job) && tenants[job] == nil, "a job arrives once")
        if running.count < limits.running, tenants.isEmpty {
            running.insert(job)
            return .admitted
        }
        let line = lines[tenant] ?? []
        guard line.count < limits.waitingPerTenant else {
            return .refused(.tenantQueueFull(limit: limits.waitingPerTenant))
        }
        guard tenants.count < limits.waiting else { return .refused(.queueFull(limit: limits.waiting)) }
        let ahead = tenants.count
        if line.isEmpty { turns.append(tenant) }
        lines[tenant, default: []].append(job)
        tenants[job] = tenant
        return .queued(ahead: ahead)
    }

    /// Other limits hold from now on; answers with the jobs that are let in by that. Whoever is in stays in.
    package mutating func keep(to limits: Limits) -> [JobID] {
        self.limits = limits
        return admitWaiting()
    }

    /// A job is over, wherever it stood; answers with the jobs that are let in by that. Unknown ids change nothing.
    package mutating func leave(_ job: JobID) -> [JobID] {
        if running.remove(job) == nil { withdraw(job) }
        return admitWaiting()
    }

    private mutating func withdraw(_ job: JobID) {
        guard let tenant = tenants.removeValue(forKey: job) else { return }
        lines[tenant]?.removeAll { $0 == job }
        if lines[tenant]?.isEmpty == true {
            lines[tenant] = nil
            turns.removeAll { $0 == tenant }
        }
    }

    private mutating func admitWaiting() -> [JobID] {
        var admitted: [JobID] = []
        while running.count < limits.running, !turns.isEmpty {
            let tenant = turns.removeFirst()
            guard var line = lines[tenant], !line.isEmpty else { continue }
            let job = line.removeFirst()
            lines[tenant] = line.isEmpty ? nil : line
            if !line.isEmpty { turns.append(tenant) }
            tenants[job] = nil
            running.insert(job)
            admitted.append(job)
        }
        return admitted
    }
}
