// SPDX-License-Identifier: Apache-2.0
import DaemonSettings
import LinuxKernel
import Messages
import ServingModel
import Testing

@testable import NodeDaemon

/// One user holds all places of a node, or floods its queue, and another one asks for one token.
@Suite("Places are shared by tenants") struct FairPlacesTests {
    private let host = SimulatedHost()
    private var node: NodeMachine
    private let stream: StreamNumber
    private var lastTask: UInt64 = 0
    /// Tokens and ends by task.
    private var tokens: [TaskID: Int] = [:]
    private var failures: [TaskID: TaskFailure] = [:]
    private var finished: Set<TaskID> = []

    init() throws {
        var configuration = NodeConfiguration(node: .local, runtimeDirectory: "/none", stateDirectory: "/none")
        configuration.keyValueBytes = 4096
        node = NodeMachine(
            configuration: configuration, effects: host, placement: NUMAPlacement(nodes: []), startedAt: 0,
            now: host.now,
            generator: SplitMix(seed: 1))
        node.begin(.example([("guide", "a")]), desired: [:], now: host.now)
        node.endTurn(now: host.now)
        stream = try node.openStream(of: nil, now: host.now) { [host] in host.begin($0) }
    }

    /// A step of all instances, and everything that follows from it.
    private mutating func step() {
        for id in host.instances.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            if let said = host.instances[id]?.step() { host.say(id, said) }
        }
        hop()
    }

    /// Everything that is on its way arrives.
    private mutating func hop() {
        for _ in 0..<6 {
            host.provideKeeper()
            while host.orders?.isEmpty == false { host.obey() }
            for id in host.templates.keys { host.finishTemplate(id) }
            for id in host.instances.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
                if let said = host.instances[id]?.start(now: host.now) { host.say(id, said) }
                while host.instances[id]?.inbox.isEmpty == false {
                    if let said = host.instances[id]?.readFrame() { host.say(id, said) }
                }
            }
            while !host.events.isEmpty { node.receive(host.events.removeFirst(), now: host.now) }
            node.endTurn(now: host.now)
        }
        read()
    }

    private mutating func read() {
        for event in host.takeEvents(of: stream) ?? [] {
            switch event {
            case .tokens(let list): for item in list { tokens[item.task, default: 0] += 1 }
            case .task(let task, .failed(let failure, _)): failures[task] = failure
            case .task(let task, .finished): finished.insert(task)
            default: break
            }
        }
    }

    private mutating func submit(
        _ tenant: String, length: Int, serviceClass: ServiceClass = .interactive, weight: Int = 1
    ) throws(NodeAPIError) -> TaskID {
        lastTask += 1
        var task = ServingTask.example(lastTask, tenant: tenant, serviceClass: serviceClass)
        task.tenantWeight = TenantWeight(weight) ?? .one
        task.work = .answer(.tokens([1]), SamplingParameters(temperature: 0, seed: 1, maximumTokens: length))
        try node.submit(task, by: nil, now: host.now)
        return task.id
    }

    /// One user's long answers hold every place, and more of them wait; nothing is acknowledged.
    private mutating func fill(_ tenant: String, count: Int) throws {
        hop()
        for _ in 0..<count { _ = try submit(tenant, length: 100_000) }
        hop()
        for _ in 0..<30 {
            host.now = host.now.adding(milliseconds: 50)
            step()
        }
        #expect(node.pool.tasks.shares.values.first?[TenantName(tenant) ?? .unknown] == 128)
    }

    /// Steps until a task has its end.
    private mutating func stepsUntilEnd(of task: TaskID) -> Int {
        for count in 0..<1000 {
            if finished.contains(task) { return count }
            step()
        }
        return .max
    }

    @Test(
        "400 readers that take nothing hold another user's token up for the step that frees a place, and that of the token"
    )
    mutating func silentReaders() throws {
        try fill("uid:1", count: 400)
        let token = try submit("uid:2", length: 1)
        hop()
        #expect(stepsUntilEnd(of: token) <= 2)
        #expect(failures.values.filter { $0 == .preempted }.count == 1)
    }

    @Test("a queue that one user has filled takes another user's task, and serves it next")
    mutating func fullQueue() throws {
        try fill("uid:1", count: 128)
        var refused = 0
        for _ in 0..<10_000 {
            do { _ = try submit("uid:1", length: 500) } catch { refused += 1 }
        }
        #expect(refused == 10_000 - 1024)
        let token = try submit("uid:2", length: 1)
        hop()
        #expect(stepsUntilEnd(of: token) <= 2)
    }

    @Test(
        "who asks for much gets the part that his weight gives him and no more, and keeps what is his",
        arguments: [(weight: 1, part: 64), (weight: 3, part: 96)])
    mutating func fairPart(weight: Int, part: Int) throws {
        try fill("uid:1", count: 400)
        for _ in 0..<400 { _ = try submit("uid:2", length: 100_000, weight: weight) }
        for _ in 0..<400 {
            host.now = host.now.adding(milliseconds: 50)
            node.tick(now: host.now)
            step()
        }
        let shares = try #require(node.pool.tasks.shares.values.first)
        #expect(shares == [TenantName(userID: 1): 128 - part, TenantName(userID: 2): part])
        #expect(failures.values.filter { $0 == .preempted }.count == part)
    }

    @Test("the task that gives way is the one that has made least")
    mutating func leastLost() throws {
        hop()
        _ = try submit("uid:1", length: 100_000)
        hop()
        host.now = host.now.adding(milliseconds: 1000)
        for _ in 0..<50 { step() }
        for _ in 0..<127 { _ = try submit("uid:1", length: 100_000) }
        hop()
        host.now = host.now.adding(milliseconds: 1000)
        step()
        let token = try submit("uid:2", length: 1)
        hop()
        #expect(stepsUntilEnd(of: token) <= 2)
        #expect(failures[TaskID(rawValue: 1)] == nil)
        let given = try #require(failures.first { $0.value == .preempted }?.key)
        #expect(tokens[given, default: 0] < tokens[TaskID(rawValue: 1), default: 0])
    }

    @Test("a task that nobody waits for takes no place from somebody who waits for each token")
    mutating func classes() throws {
        try fill("uid:1", count: 128)
        let batch = try submit("uid:2", length: 1, serviceClass: .batch)
        for _ in 0..<20 {
            host.now = host.now.adding(milliseconds: 50)
            node.tick(now: host.now)
            step()
        }
        #expect(!finished.contains(batch))
        #expect(failures.isEmpty)
        // By its age it has become one.
        host.now = host.now.adding(seconds: WaitQueue.ageSeconds)
        for id in node.pool.instances.sorted.map(\.key) {
            let now = host.now
            node.pool.instances.change(id) { $0.noteActivity(now: now) }
        }
        node.tick(now: host.now)
        hop()
        #expect(stepsUntilEnd(of: batch) <= 2)
    }

    @Test("a task that was just placed is not taken away at once")
    mutating func minimumRun() throws {
        hop()
        for _ in 0..<128 { _ = try submit("uid:1", length: 100_000) }
        hop()
        _ = try submit("uid:2", length: 1)
        hop()
        step()
        #expect(failures.isEmpty)
        #expect(node.nextDeadline.map { $0 <= host.now.adding(milliseconds: 500) } == true)
        host.now = host.now.adding(milliseconds: 500)
        node.tick(now: host.now)
        hop()
        step()
        #expect(failures.values.filter { $0 == .preempted }.count == 1)
    }
}
