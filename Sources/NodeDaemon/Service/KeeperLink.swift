// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// Where the daemon stands with its keeper.
struct KeeperLink {
    /// `telling`: attached, the keeper is still naming what it holds. `retiring`: it was told to end everything.
    enum Phase: Hashable {
        case detached, telling, attached, retiring
    }

    var phase = Phase.detached
    var processID: Int32?
    /// Controllers of the keeper's control groups; nil where it has none.
    var controllers: [String]?
    /// Blank templates that wait there.
    var prewarmedTemplates = 0
    /// Why there is no keeper; nil while one is attached.
    var trouble: String?
    /// How the keeper confines, as it last told.
    var sandbox: SandboxState?
    var deniedCalls = 0
    /// The keeper has named all that it holds, and how it confines is not known yet.
    var awaitsSandbox = false
    /// What the keeper named since the attachment began, and what was ordered of it since.
    var seenTemplates: Set<TemplateID> = []
    var seenInstances: Set<InstanceID> = []

    /// When something was ordered that the keeper must answer, and it has said nothing since; nil where it has.
    private var unansweredSince: MonotonicTime?

    /// When a silent keeper counts as hung. It answers within milliseconds, or tells after a while that a template hangs, so
    /// it has some times as long as an instance.
    func answerDeadline(_ instanceSeconds: Int) -> MonotonicTime? {
        unansweredSince?.adding(seconds: 3 * instanceSeconds)
    }

    /// It was given an order that it answers.
    mutating func expectAnswer(now: MonotonicTime = .now) {
        unansweredSince = unansweredSince ?? now
    }

    /// It said something.
    mutating func heard() {
        unansweredSince = nil
    }

    /// Before `hello` is sent: orders that follow it belong to the new attachment. `process` is the keeper's, where the
    /// kernel knows it: one that hangs never tells.
    mutating func beginAttachment(process: Int32?) {
        phase = .telling
        processID = process
        expectAnswer()
        sandbox = nil
        awaitsSandbox = false
        seenTemplates = []
        seenInstances = []
    }
}

/// What listings show of an instance beside what the pool knows.
struct InstanceDetails: Sendable {
    var processID: Int32
    var settings: InstanceSettings
    /// When its fork was ordered; nil for one that was found.
    var orderedAt: MonotonicTime?
    /// Seconds since 1970.
    var startedAt: Double
    /// The start of its template, where it waited for that.
    var templateStages: StartStages?
    /// When the keeper had made what it needs.
    var preparedAt: MonotonicTime?
    /// What it said of its start.
    var start: FromInstance.InstanceStart?
    /// How long its start took, once it is ready.
    var stages: StartStages?
    var replies = OwedReplies()
}

extension InstanceDetails {
    /// The stages of a start that is over. An instance may say anything of its own part: what it says is cut to the time
    /// that really passed.
    func stages(answeredAt: MonotonicTime) -> StartStages? {
        guard let orderedAt, let start else { return nil }
        let prepared = min(max(preparedAt ?? orderedAt, orderedAt), answeredAt)
        let born = min(max(start.bornAt, prepared), answeredAt)
        var rest = answeredAt.microseconds(since: born)
        func take(_ microseconds: Int) -> Int {
            let taken = min(max(0, microseconds), rest)
            rest -= taken
            return taken
        }
        let (mapping, sandbox) = (take(start.mappingMicroseconds), take(start.sandboxMicroseconds))
        let ranks = take(start.ranksMicroseconds)
        let own = StartStages(
            scalerPre: prepared.microseconds(since: orderedAt), tePreLoad: born.microseconds(since: prepared) + sandbox,
            teLoad: mapping, tePostLoad: ranks, scalerPost: rest)
        return templateStages.map { own.following($0) } ?? own
    }
}

/// What listings show of a template beside what the pool knows.
struct TemplateDetails: Sendable {
    var processID: Int32
    /// When it was ordered; nil for one that was found.
    var orderedAt: MonotonicTime?
    var loadMicroseconds: Int?
    /// How long its start took, once it is ready.
    var stages: StartStages?
}

extension TemplateDetails {
    /// The stages of a template's start; what no one else took is the hops and the exec, which count as the pod's.
    func stages(_ readiness: FromKeeper.TemplateReadiness, readyAt: MonotonicTime) -> StartStages? {
        guard let orderedAt else { return nil }
        let total = readyAt.microseconds(since: orderedAt)
        let parts = [
            readiness.prewarmedMicroseconds, readiness.model.mappingMicroseconds, readiness.model.rehearsalMicroseconds,
        ].map { min(max(0, $0), total) }
        return StartStages(
            scalerPre: max(0, total - parts.reduce(0, +)), tePreLoad: parts[0], teLoad: parts[1],
            tePostLoad: parts[2], scalerPost: 0)
    }
}

extension InstancePool.Instance {
    /// Found at a keeper, has not told its tasks yet.
    var isAttaching: Bool {
        if case .attaching = phase { return true }
        return false
    }
}
