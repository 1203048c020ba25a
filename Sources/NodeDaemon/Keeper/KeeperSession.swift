// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// Where the node stands with its keeper: one state machine for finding one, taking over what it holds, working with it and
/// letting go of it, with every deadline of that. A pure value; `NodeMachine` acts.
struct KeeperSession: Sendable {
    /// - `detached`: none is there. Goes to `connecting` at `retryAt`.
    /// - `connecting`: one is being looked for or started. Goes to `reconciling`, or back to `detached`.
    /// - `reconciling`: attached; it is naming what it holds. Goes to `attached` when it has said that this was all, and, where
    ///   the sandbox is required, how it confines.
    /// - `attached`: orders are carried out. Goes to `retiring`.
    /// - `retiring`: it was ordered to end everything. Goes to `retired` when it is gone, or at its deadline.
    /// - `retired`: the end.
    ///
    /// From `reconciling` and `attached` its loss leads to `detached`, an order to end everything to `retiring`.
    enum Phase: Hashable, Sendable {
        case detached(retryAt: MonotonicTime)
        case connecting
        case reconciling
        case attached
        case retiring(until: MonotonicTime)
        case retired
    }

    /// What a keeper's word about its sandbox means.
    enum SandboxVerdict: Hashable {
        case serves
        /// The node must not serve: the steps that are missing.
        case refused(String)
        /// All that it holds is known, and with this word also how it confines.
        case completes
    }

    private static let firstPauseMilliseconds = 100
    private static let longestPauseMilliseconds = 10_000
    /// Seconds that a keeper has to end everything.
    private static let retirementSeconds = 10

    private(set) var phase = Phase.detached(retryAt: MonotonicTime(nanoseconds: 0))
    private(set) var processID: Int32?
    /// Controllers of the keeper's control groups; nil where it has none.
    private(set) var controllers: [String]?
    /// Pre-warmed templates that wait there.
    private(set) var prewarmedTemplates = 0
    /// Why there is no keeper; nil while one is attached.
    private(set) var trouble: String?
    /// How the keeper confines, as it last said.
    private(set) var sandbox: SandboxState?
    private(set) var deniedCalls = 0
    /// What the keeper named since the attachment began, and what was ordered of it since.
    private(set) var seenTemplates: Set<TemplateID> = []
    private(set) var seenInstances: Set<InstanceID> = []
    /// The keeper has named all that it holds, and how it confines is not known yet.
    private var awaitsSandbox = false
    /// When something was ordered that the keeper must answer, and it has said nothing since; nil where it has.
    private var unansweredSince: MonotonicTime?
    private var pauseMilliseconds = firstPauseMilliseconds
    private let requiresSandbox: Bool
    /// Seconds after which a silent keeper counts as hung. It answers within milliseconds, or tells after a while that a
    /// template hangs.
    private let answerSeconds: Int

    /// - Parameter answerSeconds: what an instance has; a keeper has three times that.
    init(answerSeconds: Int, requiresSandbox: Bool) {
        self.answerSeconds = 3 * answerSeconds
        self.requiresSandbox = requiresSandbox
    }

    var isAttached: Bool { phase == .attached }

    /// Orders need a keeper at hand.
    func requireAttached() throws(NodeAPIError) {
        guard isAttached else {
            throw .failure(.overloaded, "the node has no keeper now: \(trouble ?? "it is being attached")")
        }
    }

    /// Whether orders reach a keeper.
    var isConnected: Bool { phase == .attached || phase == .reconciling }

    /// It was ordered to end everything, and is not gone.
    var isRetiring: Bool {
        if case .retiring = phase { return true }
        return false
    }

    /// When something is to be done that no event brings.
    var nextDeadline: MonotonicTime? {
        switch phase {
        case .detached(let retryAt): retryAt
        case .retiring(let until): until
        case .reconciling, .attached: unansweredSince?.adding(seconds: answerSeconds)
        case .connecting, .retired: nil
        }
    }

    // MARK: Finding one

    /// It is time to look for a keeper; false where it is not.
    mutating func beginConnecting(now: MonotonicTime) -> Bool {
        guard case .detached(let retryAt) = phase, retryAt <= now else { return false }
        phase = .connecting
        return true
    }

    /// None could be had.
    mutating func notFound(_ reason: String, now: MonotonicTime) {
        trouble = reason
        phase = .detached(retryAt: now.adding(milliseconds: pauseMilliseconds))
        pauseMilliseconds = min(2 * pauseMilliseconds, Self.longestPauseMilliseconds)
    }

    /// One is there and was greeted; it names what it holds. `process` is its own where the kernel knows it: one that hangs
    /// never tells.
    mutating func beginAttachment(process: Int32?, now: MonotonicTime) {
        phase = .reconciling
        processID = process
        pauseMilliseconds = Self.firstPauseMilliseconds
        (sandbox, awaitsSandbox) = (nil, false)
        (seenTemplates, seenInstances) = ([], [])
        unansweredSince = now
    }

    /// The connection is gone; whether another one is to be looked for.
    mutating func lose(_ reason: String, now: MonotonicTime) -> Bool {
        (unansweredSince, processID) = (nil, nil)
        switch phase {
        case .retiring, .retired:
            phase = .retired
            return false
        case .detached, .connecting, .reconciling, .attached:
            trouble = reason
            phase = .detached(retryAt: now)
            return true
        }
    }

    /// Whether it owes an answer for so long that nothing good can be expected of it.
    func isHung(now: MonotonicTime) -> Bool {
        isConnected && unansweredSince.map { $0.adding(seconds: answerSeconds) <= now } == true
    }

    // MARK: What it says

    /// It said something.
    mutating func noteActivity() {
        unansweredSince = nil
    }

    mutating func noteWelcome(process: Int32, controllers: [String]?) {
        processID = process
        self.controllers = controllers
        trouble = nil
    }

    mutating func notePrewarmed(_ count: Int) {
        prewarmedTemplates = count
    }

    /// How it confines. A node that must not serve without its sandbox takes up nothing before it knows.
    mutating func noteSandbox(_ state: SandboxState, deniedCalls: Int) -> SandboxVerdict {
        sandbox = state
        self.deniedCalls = deniedCalls
        guard requiresSandbox else { return .serves }
        guard state.missing.isEmpty, state.deniedCalls != .allowed else {
            return .refused(state.missing.joined(separator: "; "))
        }
        guard awaitsSandbox else { return .serves }
        awaitsSandbox = false
        return .completes
    }

    /// It has named all that it holds; false where it still has to say how it confines.
    mutating func complete() -> Bool {
        guard phase == .reconciling else { return false }
        awaitsSandbox = requiresSandbox && sandbox == nil
        guard !awaitsSandbox else { return false }
        phase = .attached
        return true
    }

    // MARK: What it holds

    /// A template that it named or was ordered to start.
    mutating func noteTemplate(_ id: TemplateID) {
        seenTemplates.insert(id)
    }

    /// An instance that it named or was ordered to fork.
    mutating func noteInstance(_ id: InstanceID) {
        seenInstances.insert(id)
    }

    mutating func releaseTemplate(_ id: TemplateID) {
        seenTemplates.remove(id)
    }

    mutating func releaseInstance(_ id: InstanceID) {
        seenInstances.remove(id)
    }

    /// It was given an order that it answers.
    mutating func expectAnswer(now: MonotonicTime) {
        if isConnected { unansweredSince = unansweredSince ?? now }
    }

    // MARK: Letting go

    /// It is ordered to end everything; false where none is at hand.
    mutating func retire(now: MonotonicTime) -> Bool {
        guard isConnected else { return false }
        phase = .retiring(until: now.adding(seconds: Self.retirementSeconds))
        return true
    }

    /// It had its time to end everything.
    mutating func endRetirement(now: MonotonicTime) {
        if case .retiring(let until) = phase, until <= now { phase = .retired }
    }
}
