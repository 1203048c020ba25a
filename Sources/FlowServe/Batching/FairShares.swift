// SPDX-License-Identifier: Apache-2.0
internal import Messages
package import ServingModel

/// Sequences of the same tenant and class, which are served in the order of their arrival. Queues share what there is, by
/// the weights of their tenants.
package struct TenantQueue: Hashable, Sendable {
    /// By what a queue is told from others: not by its weight, which a tenant's next sequence may change.
    struct Identity: Hashable {
        let tenant: UInt64
        let serviceClass: ServiceClass
    }

    /// `TenantName.tag`.
    package var tenant: UInt64
    /// The tenant's part of steps and memory, beside others.
    package var weight: TenantWeight
    /// Queues of a lower class get what higher ones leave, and a little beside them.
    package var serviceClass: ServiceClass

    /// A queue; the default is that of a submission that names no tenant.
    package init(tenant: UInt64 = 0, weight: TenantWeight = .one, serviceClass: ServiceClass = .interactive) {
        self.tenant = tenant
        self.weight = weight
        self.serviceClass = serviceClass
    }

    /// The queue that a submission's sequences stand in.
    init(_ submission: TaskSubmission) {
        self.init(
            tenant: submission.tenant, weight: submission.tenantWeight, serviceClass: submission.serviceClass)
    }

    var identity: Identity { Identity(tenant: tenant, serviceClass: serviceClass) }

    /// What a token or a block of an interactive queue of weight 1 counts: so much that other weights divide it to within
    /// two percent, so little that counters never overflow.
    private static let unit = 1 << 16

    /// What a token or a block of this queue counts.
    var cost: Int {
        let urgency =
            switch serviceClass {
            case .interactive: 1
            case .batch: 8
            case .background: 64
            }
        return urgency * Self.unit / weight.value
    }
}

/// How much was computed for each queue, so that the queue that got least comes next.
///
/// These are virtual token counters, after Sheng and others, "Fairness in Serving Large Language Models" (OSDI 2024),
/// with the weights of start-time fair queueing (Goyal and others, SIGCOMM 1996): each token of a queue adds the
/// queue's cost to its counter, and the queue with the lowest counter is served next. A queue that begins to want
/// something starts from the lowest counter among those that are computed, at least: being idle earns no credit, and
/// a newcomer need not wait until others have had as much as it had before. Of two queues that want something all the
/// time, the counters never differ by more than what is given out at once.
struct FairShares: Sendable {
    /// A queue's place in the table; valid while it has sequences.
    typealias Slot = Int

    private struct Counter {
        var queue: TenantQueue
        /// What its tokens cost, those that it was spared included.
        var spent: Int
        /// Sequences that want to be computed.
        var wanting = 0
        /// Sequences altogether.
        var sequences = 0
        /// Blocks of the sequences that are not paused.
        var blocks = 0
        /// When it was served last: of equals the one that waited longer comes first.
        var lastTurn = 0
    }

    /// Queues that are ahead of those that wait are remembered when they leave, but no more than this many.
    private static let remembered = 1024

    private var counters: [Counter] = []
    private var slots: [TenantQueue.Identity: Slot] = [:]
    private var unused: [Slot] = []
    /// The lowest counter of the queues that were computed; never falls.
    private var floor = 0

    /// A sequence of the queue has come; the queue's weight is that of its newest sequence.
    mutating func join(_ queue: TenantQueue) -> Slot {
        let slot = slots[queue.identity] ?? makeSlot(queue)
        counters[slot].queue = queue
        counters[slot].sequences += 1
        return slot
    }

    /// A sequence of the queue, which wants nothing any more, has left.
    mutating func leave(_ slot: Slot) {
        counters[slot].sequences -= 1
        guard counters[slot].sequences == 0, counters[slot].spent <= floor || slots.count > Self.remembered else {
            return
        }
        slots[counters[slot].queue.identity] = nil
        unused.append(slot)
    }

    /// A sequence of the queue wants to be computed from now on.
    mutating func want(_ slot: Slot) {
        if counters[slot].wanting == 0 {
            raiseFloor()
            counters[slot].spent = max(counters[slot].spent, floor)
        }
        counters[slot].wanting += 1
    }

    /// A sequence of the queue wants nothing for now.
    mutating func rest(_ slot: Slot) {
        if counters[slot].wanting == 1 { raiseFloor() }
        counters[slot].wanting -= 1
    }

    /// Tokens of the queue are computed; `turn` ascends from call to call.
    mutating func charge(_ slot: Slot, tokens: Int, turn: Int) {
        counters[slot].spent += tokens * counters[slot].queue.cost
        counters[slot].lastTurn = turn
    }

    /// Whether a queue comes before another one.
    func isBefore(_ left: Slot, _ right: Slot) -> Bool {
        guard left != right else { return false }
        let (a, b) = (counters[left], counters[right])
        if a.spent != b.spent { return a.spent < b.spent }
        return a.lastTurn != b.lastTurn ? a.lastTurn < b.lastTurn : left < right
    }

    /// What a token or block of the queue counts.
    func cost(of slot: Slot) -> Int { counters[slot].queue.cost }

    /// Sequences of the queue have so many blocks more, or less, that are not those of paused ones.
    mutating func addBlocks(_ count: Int, to slot: Slot) { counters[slot].blocks += count }

    /// Blocks of the queue's sequences that are not paused.
    func blocks(of slot: Slot) -> Int { counters[slot].blocks }

    private mutating func makeSlot(_ queue: TenantQueue) -> Slot {
        if unused.isEmpty { forgetPast() }
        let counter = Counter(queue: queue, spent: floor)
        let slot = unused.popLast() ?? counters.count
        if slot < counters.count { counters[slot] = counter } else { counters.append(counter) }
        slots[queue.identity] = slot
        return slot
    }

    /// Drops queues without sequences that would start from the floor if they came again.
    private mutating func forgetPast() {
        for (queue, slot) in slots where counters[slot].sequences == 0 && counters[slot].spent <= floor {
            slots[queue] = nil
            unused.append(slot)
        }
    }

    /// A queue that gets nothing for want of memory does not hold the floor down: it gets its due when it has some.
    private mutating func raiseFloor() {
        let lowest = counters.reduce(Int.max) { $1.wanting > 0 && $1.blocks > 0 ? min($0, $1.spent) : $0 }
        if lowest < .max { floor = max(floor, lowest) }
    }
}
