// SPDX-License-Identifier: Apache-2.0
package import ServingModel

/// Who may run now, who waits, who is sent away.
///
/// The jobs of one request arrive as a group and are let in together or wait together: a group never holds places while it
/// waits for more, so that no order of arrivals can leave everybody waiting. A group that is larger than all places counts
/// as all of them. Each job that is over gives its place back by itself.
///
/// Places are shared by tenants, by their weights:
/// 1. Groups of one tenant are let in in the order of their arrival.
/// 2. Of the tenants that have groups waiting, the one that holds fewest places for its weight is next; among equals, the
///    one whose `ServiceTurn` is lowest. So nobody gets a further place while another waits who holds fewer for its weight,
///    and whoever holds none is next however small its weight.
/// 3. An eighth of the places is the reserve, for tenants that hold at most a quarter of it: whoever newly comes, or asks
///    for little, is let in at once, although others have taken all that they can get.
/// 4. A group that is next and does not fit is waited for, and no tenant that holds places is let in before it. Tenants
///    that hold none may pass it, until as many jobs have passed as there are places; then nobody does.
///
/// All bounds are given: what a client can grow ends in a refusal.
///
/// A job is in one of these states and leaves them only as named:
/// - waiting: `arrive` or `rejoin` put it there; goes to running (`leave` of another), or out (`leave`).
/// - running: `arrive`, `rejoin` or another's `leave` let it in; goes out (`leave`).
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

        /// Places for tenants that hold few.
        package var reserve: Int { running / 8 }
        /// Places that a tenant may hold and still use the reserve.
        package var few: Int { reserve / 4 }
    }

    /// What becomes of a group that has just arrived.
    package enum Admission: Hashable, Sendable {
        case admitted
        /// Number of jobs that waited before it, of all tenants.
        case queued(ahead: Int)
        case refused(Refusal)
    }

    /// Why a group is sent away.
    package enum Refusal: Hashable, Sendable {
        case tenantQueueFull(limit: Int)
        case queueFull(limit: Int)
    }

    /// The jobs of one request that are not over.
    private struct Group {
        let tenant: TenantName
        let weight: TenantWeight
        var jobs: Set<JobID>
        /// Places that it holds; 0 while it waits.
        var places = 0
        /// Jobs that were let in before it while it was next.
        var passed = 0
    }

    private struct Tenant {
        /// Places that its groups hold together.
        var places = 0
        /// Its waiting groups, the first to be let in first.
        var line: [Int] = []
        var turn = ServiceTurn()
    }

    package private(set) var limits: Limits
    private var groups: [Int: Group] = [:]
    private var groupOfJob: [JobID: Int] = [:]
    private var tenants: [TenantName: Tenant] = [:]
    private var nextGroup = 0
    private var lastTurn: UInt64 = 0
    private var freePlaces: Int

    /// Jobs that were let in and have not left.
    package private(set) var runningCount = 0
    /// Jobs that wait.
    package private(set) var waitingCount = 0

    package init(limits: Limits) {
        self.limits = limits
        freePlaces = limits.running
    }

    /// The jobs of a request come, at least one; each id comes once.
    package mutating func arrive(
        _ jobs: [JobID], of tenant: TenantName, weight: TenantWeight = .one
    ) -> Admission {
        let ahead = waitingCount
        let group = enqueue(Set(jobs), of: tenant, weight)
        if admitWaiting().contains(group) { return .admitted }
        let waiting = tenants[tenant]?.line.reduce(0) { $0 + (groups[$1]?.jobs.count ?? 0) } ?? 0
        if waiting > limits.waitingPerTenant {
            withdraw(group)
            return .refused(.tenantQueueFull(limit: limits.waitingPerTenant))
        }
        if waitingCount > limits.waiting {
            withdraw(group)
            return .refused(.queueFull(limit: limits.waiting))
        }
        return .queued(ahead: ahead)
    }

    /// A job that was let in before and has left goes on: it waits behind its tenant's others and is never refused, since
    /// part of its answer is there. Returns whether it was let in at once.
    package mutating func rejoin(_ job: JobID, of tenant: TenantName, weight: TenantWeight = .one) -> Bool {
        let group = enqueue([job], of: tenant, weight)
        return admitWaiting().contains(group)
    }

    /// A job is over or paused, wherever it stood; returns the jobs that are let in by that. Unknown ids change nothing.
    package mutating func leave(_ job: JobID) -> [JobID] {
        guard let number = groupOfJob.removeValue(forKey: job), var group = groups[number] else { return [] }
        group.jobs.remove(job)
        if group.places == 0 {
            waitingCount -= 1
        } else {
            runningCount -= 1
            let places = min(group.places, group.jobs.count)
            giveBack(group.places - places, of: group.tenant)
            group.places = places
        }
        groups[number] = group.jobs.isEmpty ? nil : group
        if group.jobs.isEmpty, group.places == 0 { tenants[group.tenant]?.line.removeAll { $0 == number } }
        forgetIfIdle(group.tenant)
        return admitWaiting().flatMap { groups[$0]?.jobs ?? [] }
    }

    /// Other limits hold from now on; returns the jobs that are let in by that. Whoever is in stays in.
    package mutating func keep(to limits: Limits) -> [JobID] {
        freePlaces += limits.running - self.limits.running
        self.limits = limits
        return admitWaiting().flatMap { groups[$0]?.jobs ?? [] }
    }

    private mutating func enqueue(_ jobs: Set<JobID>, of name: TenantName, _ weight: TenantWeight) -> Int {
        precondition(!jobs.isEmpty && jobs.allSatisfy { groupOfJob[$0] == nil }, "a job arrives once")
        let number = nextGroup
        nextGroup += 1
        groups[number] = Group(tenant: name, weight: weight, jobs: jobs)
        for job in jobs { groupOfJob[job] = number }
        var tenant = tenants[name] ?? Tenant()
        if tenant.line.isEmpty { tenant.turn = ServiceTurn(takeTurn()) }
        tenant.line.append(number)
        tenants[name] = tenant
        waitingCount += jobs.count
        return number
    }

    private mutating func takeTurn() -> UInt64 {
        lastTurn += 1
        return lastTurn
    }

    private mutating func withdraw(_ number: Int) {
        guard let group = groups.removeValue(forKey: number) else { return }
        for job in group.jobs { groupOfJob[job] = nil }
        waitingCount -= group.jobs.count
        tenants[group.tenant]?.line.removeAll { $0 == number }
        forgetIfIdle(group.tenant)
    }

    private mutating func giveBack(_ count: Int, of tenant: TenantName) {
        freePlaces += count
        tenants[tenant]?.places -= count
    }

    private mutating func forgetIfIdle(_ name: TenantName) {
        if let tenant = tenants[name], tenant.places == 0, tenant.line.isEmpty { tenants[name] = nil }
    }

    /// Lets in what fits; returns the groups.
    private mutating func admitWaiting() -> [Int] {
        var admitted: [Int] = []
        while let group = admitNext() { admitted.append(group) }
        return admitted
    }

    private mutating func admitNext() -> Int? {
        var blocked: [Int] = []
        for (name, tenant) in tenantsInTurn() {
            guard let number = tenant.line.first, let group = groups[number] else { continue }
            // Whoever holds places waits for the one that is next.
            if !blocked.isEmpty, tenant.places > 0 { continue }
            let places = min(group.jobs.count, limits.running)
            let mayUseReserve = tenant.places == 0 || tenant.places + places <= limits.few
            if places <= freePlaces - (mayUseReserve ? 0 : limits.reserve) {
                for passed in blocked { groups[passed]?.passed += group.jobs.count }
                admit(number, of: name, places: places)
                return number
            }
            if group.passed >= limits.running { return nil }
            blocked.append(number)
        }
        return nil
    }

    /// Those with groups that wait, the next one first. A tenant has the weight of its first group: one that comes behind
    /// with another weight, after a reload, changes nobody's turn.
    private func tenantsInTurn() -> [(name: TenantName, tenant: Tenant)] {
        let waiting = tenants.compactMap { name, tenant in
            tenant.line.first.flatMap { groups[$0] }.map { group in
                (name: name, tenant: tenant, share: WeightedShare(tenant.places, group.weight))
            }
        }
        return waiting.sorted { ($0.share, $0.tenant.turn.number) < ($1.share, $1.tenant.turn.number) }
            .map { (name: $0.name, tenant: $0.tenant) }
    }

    private mutating func admit(_ number: Int, of name: TenantName, places: Int) {
        guard let group = groups[number], var tenant = tenants[name] else { return }
        let count = group.jobs.count
        groups[number]?.places = places
        freePlaces -= places
        runningCount += count
        waitingCount -= count
        tenant.places += places
        tenant.line.removeFirst()
        tenant.turn.serve(group.weight, next: takeTurn())
        tenants[name] = tenant
    }
}
