// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import Messages
import ServingModel
import Testing

@testable import NodeDaemon

/// The host of a node behind `NodeEffects`: a keeper, templates and instances that live or die as a history wants it, and
/// the event streams. Nothing happens by itself, and everything takes as long as the history lets it.
///
/// Used by one test at a time, on one thread.
final class SimulatedHost: NodeEffects, @unchecked Sendable {
    /// A template or an instance of which the keeper has told the end and which is not released.
    private(set) var ended: [FromKeeper] = []
    private(set) var templates: [TemplateID: (model: String, isReady: Bool)] = [:]
    var instances: [InstanceID: SimulatedInstance] = [:]
    /// Orders that the keeper has not read; nil where there is no keeper.
    private(set) var orders: [ToKeeper]? = []
    /// The node is connected to the keeper.
    private(set) var isConnected = false
    /// The node's ends of channels.
    private(set) var channels: Set<InstanceID> = []
    /// What the node has not heard of.
    var events: [ReactorEvent] = []
    private(set) var streams: [StreamNumber: [NodeEvent]] = [:]
    private(set) var wantsKeeper = false
    private(set) var occurrences: [NodeOccurrence] = []
    /// Instances that the node has released: it must not name them again.
    private(set) var released: Set<InstanceID> = []
    private var isKeeperHung = false
    /// An administrator had tasks cancelled that were not done in time.
    var mayCancel = false
    var now = MonotonicTime(nanoseconds: 1_000_000_000)

    // MARK: What the node does

    func connectKeeper() {
        promise(!wantsKeeper, "looked for a keeper twice at a time")
        wantsKeeper = true
    }

    func dropKeeper(killing process: Int32?) {
        loseConnection()
        if process != nil { killKeeper() }
    }

    func order(_ order: ToKeeper) {
        guard isConnected else { return }
        switch order {
        case .fork(let ids, _, _): promise(released.isDisjoint(with: ids), "forked what was released")
        case .killInstance(let id): promise(!released.contains(id), "killed what was released")
        case .releaseInstance(let id): released.insert(id)
        default: break
        }
        orders?.append(order)
    }

    func startTemplate(_ id: TemplateID, _ label: TemplateLabel) throws {
        order(.startTemplate(id, model: label.keeperText))
    }

    func send(_ frames: [ToInstance], to instance: InstanceID) {
        guard channels.contains(instance) else { return }
        instances[instance]?.inbox += frames
    }

    func close(_ instance: InstanceID) { channels.remove(instance) }

    func publish(_ event: NodeEvent, to streams: [StreamNumber]) -> [StreamNumber] {
        for stream in streams { self.streams[stream]?.append(event) }
        return streams.filter { self.streams[$0] == nil }
    }

    func end(_ stream: StreamNumber) { streams[stream] = nil }

    func keep(_ desired: DesiredStates) {}

    func startTime(of process: Int32) -> Double? { nil }

    func note(_ occurrence: NodeOccurrence) { occurrences.append(occurrence) }

    /// The node has noted all ends; only templates whose instances live are kept in its books.
    var isEverythingReleased: Bool {
        let used = Set(instances.values.map(\.template))
        return ended.allSatisfy { if case .templateEnded(let id, _) = $0 { used.contains(id) } else { false } }
    }

    // MARK: Streams

    /// A scheduler's connection for its events.
    func begin(_ stream: StreamNumber) { streams[stream] = [] }

    /// What came on a stream since the last call; nil where it is over.
    func takeEvents(of stream: StreamNumber) -> [NodeEvent]? {
        guard let events = streams[stream] else { return nil }
        streams[stream] = []
        return events
    }

    // MARK: The daemon

    /// The daemon is killed: its sockets are gone, and what it has not read.
    func killDaemon() {
        loseConnection()
        (events, channels, streams) = ([], [], [:])
        (wantsKeeper, released) = (false, [])
    }

    private func loseConnection() {
        isConnected = false
        orders = orders.map { _ in [] }
    }

    // MARK: The keeper

    /// A keeper is found, or started, for a node that looks for one.
    func provideKeeper() {
        guard wantsKeeper else { return }
        wantsKeeper = false
        isConnected = true
        orders = [.hello]
        events.append(.keeperAttached(process: 1))
    }

    /// None can be had.
    func refuseKeeper() {
        guard wantsKeeper else { return }
        wantsKeeper = false
        events.append(.keeperNotFound(reason: "none is there"))
    }

    /// The keeper dies, and all that it holds with it.
    func killKeeper() {
        for id in instances.keys.sorted(by: { $0.rawValue < $1.rawValue }) { hangUp(id) }
        (templates, instances, ended, orders) = ([:], [:], [], nil)
        isKeeperHung = false
        guard isConnected else { return }
        isConnected = false
        events.append(.keeperLost(reason: "it died"))
    }

    /// The keeper reads and says nothing any more.
    func hangKeeper() { isKeeperHung = true }

    /// It goes on.
    func wakeKeeper() { isKeeperHung = false }

    /// The keeper reads its next order.
    func obey() {
        guard !isKeeperHung, orders?.isEmpty == false, let order = orders?.removeFirst() else { return }
        switch order {
        case .hello: tellEverything()
        case .startTemplate(let id, let model):
            templates[id] = (model, false)
            tell(.templateStarting(id, model: model, processID: 2))
        case .fork(let ids, let template, let settings): for id in ids { fork(id, template, settings) }
        case .killInstance(let id): endInstance(id, .killedByOrder)
        case .stopTemplate(let id): endTemplate(id, .exited(code: 0))
        case .releaseInstance(let id): release { if case .instanceEnded(id, _) = $0 { true } else { false } }
        case .releaseTemplate(let id): release { if case .templateEnded(id, _) = $0 { true } else { false } }
        case .keepPrewarmed, .hold, .release, .retire: break
        }
    }

    private func release(_ isMeant: (FromKeeper) -> Bool) {
        ended.removeAll(where: isMeant)
    }

    private func tell(_ event: FromKeeper) {
        guard isConnected else { return }
        events.append(.keeper(event))
        switch event {
        case .instanceRunning(let id, _): openChannel(id)
        case .instanceEnded(let id, _): channels.remove(id)
        default: break
        }
    }

    /// The node gets its end of an instance's channel, asks for a first sign of life, and reads what the socket has kept.
    private func openChannel(_ id: InstanceID) {
        guard channels.insert(id).inserted else { return }
        unanswered.insert(id)
        instances[id]?.inbox.append(.ping(0))
        let kept = instances[id]?.outbox ?? []
        instances[id]?.outbox = []
        say(id, kept)
    }

    private func tellEverything() {
        tell(.welcome(processID: 1, controllers: nil))
        for (id, template) in templates.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            tell(.templateStarting(id, model: template.model, processID: 2))
            if template.isReady { tellReady(id) }
        }
        for (id, instance) in instances.sorted(by: { $0.key.rawValue < $1.key.rawValue }) { tellRunning(id, instance) }
        for event in ended { tell(event) }
        tell(.stateComplete)
    }

    private func tellReady(_ id: TemplateID) {
        let start = TemplateStart(mappingMicroseconds: 1, rehearsalMicroseconds: 1)
        tell(.templateReady(id, .init(loadMicroseconds: 2, prewarmedMicroseconds: 0, model: start)))
    }

    private func tellRunning(_ id: InstanceID, _ instance: SimulatedInstance) {
        tell(
            .instanceRunning(
                id,
                .init(template: instance.template, processID: 3, settings: instance.settings, preparedAt: now)))
    }

    /// A template has mapped its artefact.
    func finishTemplate(_ id: TemplateID) {
        guard templates[id]?.isReady == false else { return }
        templates[id]?.isReady = true
        tellReady(id)
    }

    private func fork(_ id: InstanceID, _ template: TemplateID, _ settings: InstanceSettings) {
        guard let model = templates[template]?.model, templates[template]?.isReady == true,
            let content = TemplateLabel(keeperText: model)?.content
        else {
            ended.append(.instanceEnded(id, .notStarted(reason: "its template is not ready")))
            return tell(.instanceEnded(id, .notStarted(reason: "its template is not ready")))
        }
        let instance = SimulatedInstance(template: template, content: content, settings: settings)
        instances[id] = instance
        tellRunning(id, instance)
    }

    /// A template's process ends; its instances go on.
    func endTemplate(_ id: TemplateID, _ end: ProcessEnd) {
        guard templates.removeValue(forKey: id) != nil else { return }
        ended.append(.templateEnded(id, end))
        tell(.templateEnded(id, end))
    }

    /// An instance's process ends; what it said before is heard before.
    func endInstance(_ id: InstanceID, _ end: ProcessEnd) {
        guard instances.removeValue(forKey: id) != nil else { return }
        ended.append(.instanceEnded(id, end))
        if isConnected { tell(.instanceEnded(id, end)) } else { hangUp(id) }
    }

    /// The other end of a channel is closed, and nobody says why.
    private func hangUp(_ id: InstanceID) {
        guard channels.remove(id) != nil else { return }
        events.append(.instanceClosed(id))
    }

    // MARK: Instances

    /// What an instance says reaches the node, where that has its channel.
    func say(_ id: InstanceID, _ frames: [FromInstance]) {
        guard channels.contains(id) else {
            instances[id]?.outbox += frames
            return
        }
        for frame in frames {
            events.append(.instance(id, frame))
            if case .pong = frame, unanswered.remove(id) != nil { events.append(.instanceAnswered(id, at: now)) }
        }
    }

    /// An instance sends what is no frame.
    func breakOff(_ id: InstanceID) {
        guard channels.remove(id) != nil else { return }
        events.append(.instanceBroken(id, reason: "it sent no frame"))
    }

    /// Those that have not answered their first ping.
    private var unanswered: Set<InstanceID> = []
}
