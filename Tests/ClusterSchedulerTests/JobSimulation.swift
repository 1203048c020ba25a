// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import Policies
import ServingModel
import Synchronization
import TestSupport
import Testing

@testable import ClusterScheduler

/// The scheduler's jobs as they are, over simulated nodes and readers, on a manual clock: one seed, one history.
final class JobSimulation {
    /// A reader of one job, at a pace of its own.
    final class Reader: Sendable {
        let driver: JobDriver
        let goal: Int
        let readsNothing: Bool
        let parts = Mutex<[ReplyPart]>([])
        let end = Mutex<JobEnd?>(nil)
        let hasLeft = Mutex(false)

        init(_ driver: JobDriver, goal: Int, readsNothing: Bool) {
            self.driver = driver
            self.goal = goal
            self.readsNothing = readsNothing
        }

        func read() {
            guard let slice = driver.output.read(ObjectIdentifier(self)) else { return }
            parts.withLock { $0 += slice.parts }
            driver.partsTaken(upTo: slice.takenIndex)
            guard let end = slice.end else { return }
            self.end.withLock { $0 = end }
            leave()
        }

        func leave() {
            hasLeft.withLock { $0 = true }
            driver.readerLeft(remaining: driver.output.detach(ObjectIdentifier(self)))
        }
    }

    /// Nobody keeps these records.
    private final class NoRecords: JobRecording {
        func save(_ record: JobRecord) {}
    }

    private let clock = ManualClock()
    private let model: ModelName
    private let cluster: SimulatedCluster
    private let dependencies: JobDriver.Dependencies
    private let limits: JobLimits
    private var generator: Counter
    private(set) var readers: [Reader] = []

    init(seed: UInt64, places: Int = 6) throws {
        model = try #require(ModelName("m"))
        var limits = JobLimits()
        let isSmall = places < 64
        if isSmall {
            limits.fullParts = 16
            limits.mostParts = 256
        }
        cluster = SimulatedCluster(
            nodes: try ["a", "b", "c"].map { try #require(NodeName($0)) }, model: model, window: isSmall ? 96 : 1024)
        self.limits = limits
        let ids = Mutex<UInt64>(0)
        dependencies = JobDriver.Dependencies(
            cluster: cluster, gate: AdmissionGate(limits: AdmissionQueue.Limits(running: places)),
            jobs: JobDirectory(clock: clock), records: NoRecords(), timer: DeadlineTimer(clock: clock),
            makeTaskID: {
                ids.withLock { number in
                    number += 1
                    return TaskID(rawValue: number)
                }
            })
        generator = Counter(state: seed)
    }

    /// A request comes.
    @discardableResult
    func submit(tenant: UInt32, choices: Int, answerTokens: Int, readsNothing: Bool) -> [Reader] {
        let plan = CompletionJob(
            prompt: .text("x", parsesControlTokens: false),
            sampling: SamplingParameters(temperature: 0, seed: 1, maximumTokens: answerTokens))
        let submission = JobSubmission(
            plan: plan, model: model,
            principal: Principal(userID: tenant, groupIDs: [], processID: 1, roles: [.client]))
        let drivers = (0..<choices).map { _ in
            JobDriver(
                submission,
                record: JobRecord(
                    id: JobID(rawValue: generator.next()), request: RequestID(rawValue: 1), kind: .completion,
                    model: model, userID: tenant, createdAt: 0), limits: limits, dependencies: dependencies)
        }
        let new = drivers.map { Reader($0, goal: answerTokens, readsNothing: readsNothing) }
        for reader in new { _ = reader.driver.output.attach(ObjectIdentifier(reader), from: 0) {} }
        readers += new
        do {
            try dependencies.jobs.add(drivers)
            for driver in drivers { driver.begin() }
            try dependencies.gate.arrive(drivers)
        } catch {
            for driver in drivers { driver.end(error) }
        }
        return new
    }

    /// Some time passes.
    func step(times: Int = 1, faults: Int = 0) {
        for _ in 0..<times {
            clock.advance(by: .milliseconds(50))
            dependencies.timer.fire(now: clock.now)
            cluster.step(using: &generator, faults: faults)
            for reader in readers where !reader.readsNothing && !reader.hasLeft.withLock({ $0 }) {
                let choice = Int.random(in: 0..<1000, using: &generator)
                if choice < faults / 10 { reader.leave() } else if choice < 500 { reader.read() }
            }
        }
    }

    /// A history of random requests, faults and readers, then a calm until all is over.
    func run(requests: Int) throws {
        for _ in 0..<requests {
            submit(
                tenant: UInt32.random(in: 1...3, using: &generator), choices: Int.random(in: 1...9, using: &generator),
                answerTokens: Int.random(in: 0...250, using: &generator), readsNothing: false)
            step(times: Int.random(in: 0...12, using: &generator), faults: 60)
        }
        var steps = 0
        while dependencies.jobs.count > 0, steps < 5000 {
            step()
            steps += 1
        }
        checkEnd()
    }

    func isPlaced(_ some: [Reader]) -> Bool { some.allSatisfy { !$0.driver.record.tasks.isEmpty } }

    var pausedCount: Int { readers.count { $0.driver.record.tasks.last?.failure == "paused" } }

    /// Ends all jobs.
    func endAll() {
        for reader in readers {
            reader.driver.end(JobFailure(.cancelled, "enough"))
            if !reader.hasLeft.withLock({ $0 }) { reader.read() }
        }
        checkEnd()
    }

    /// Nothing is left anywhere, and what is complete is whole.
    private func checkEnd() {
        #expect(dependencies.jobs.count == 0)
        #expect(dependencies.gate.runningCount == 0 && dependencies.gate.waitingCount == 0)
        #expect(cluster.taskCount == 0 && cluster.indexedTaskCount == 0 && cluster.watcherCount == 0)
        #expect(dependencies.timer.nextDeadline == nil)
        for reader in readers {
            let indices = reader.parts.withLock { $0.map(\.index) }
            #expect(indices == Array(0..<indices.count), "parts come in order, each once")
            if case .success? = reader.end.withLock({ $0 }) { #expect(indices.count == reader.goal) }
        }
    }
}

/// Splitmix: numbers that a seed determines.
private struct Counter: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
