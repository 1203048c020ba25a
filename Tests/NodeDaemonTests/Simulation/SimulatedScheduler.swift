// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import Messages
import ServingModel
import Testing

@testable import NodeDaemon

/// A scheduler at one node: it sends each job's task again until its answer is whole, and checks that no part is missing
/// and that nothing ends twice.
struct SimulatedScheduler {
    /// One answer that somebody waits for.
    struct Job {
        let model: ModelName
        let tenant: TenantName
        let length: Int
        /// Parts that it has.
        var next = 0
        /// Content that began to answer.
        var digest: String?
        /// The attempt that runs; nil between two.
        var task: TaskID?
        /// Parts that the node was told of.
        var acknowledged = 0
        /// How it ended, in words; nil while it has not.
        var end: String?
        var isCancelled = false
        var attempts = 0
    }

    private(set) var identity: SchedulerIdentity
    private(set) var jobs: [JobID: Job] = [:]
    /// Jobs that have not ended, by their number.
    private(set) var open: [JobID] = []
    private var jobOfTask: [TaskID: JobID] = [:]
    private(set) var stream: StreamNumber?
    private var lastID: UInt64
    /// Jobs whose tasks ran when the stream began.
    private var missed: Set<JobID> = []
    /// Tasks of which parts may be missing until they have been told again.
    private var resumed: Set<TaskID> = []

    init(_ number: UInt64) {
        identity = SchedulerIdentity(id: SchedulerID(rawValue: number), epoch: 1)
        lastID = number << 32
    }

    /// Somebody asks for an answer.
    mutating func begin(_ model: ModelName, tenant: TenantName, length: Int) {
        lastID += 1
        jobs[JobID(rawValue: lastID)] = Job(model: model, tenant: tenant, length: length)
        open.append(JobID(rawValue: lastID))
    }

    private mutating func end(_ id: JobID, _ reason: String) {
        jobs[id]?.end = reason
        open.removeAll { $0 == id }
    }

    // MARK: The stream

    /// Connects, where it is not, and asks for the tasks that it still wants.
    mutating func connect(_ node: inout NodeMachine, _ host: SimulatedHost) {
        guard stream == nil else { return }
        do {
            stream = try node.openStream(of: identity, now: host.now) { host.begin($0) }
        } catch {
            Issue.record("a scheduler was not let in: \(error)")
        }
        missed = Set(jobs.compactMap { $0.value.task == nil ? nil : $0.key })
        resumed = Set(jobs.values.compactMap(\.task))
    }

    /// Asks for what it may have missed on an earlier stream, as soon as the node knows what its instances have.
    private mutating func resume(_ node: inout NodeMachine, _ host: SimulatedHost) {
        guard !missed.isEmpty, node.isReconciled else { return }
        for id in missed.sorted(by: { $0.rawValue < $1.rawValue }) {
            guard let job = jobs[id], let task = job.task else { continue }
            do { try node.resume(task, from: job.next, by: identity, now: host.now) } catch { jobs[id]?.task = nil }
        }
        missed = []
    }

    /// Its connection is gone; `isNoticed` by the node, which was not replaced.
    mutating func disconnect(_ node: inout NodeMachine, _ host: SimulatedHost, isNoticed: Bool) {
        guard let stream else { return }
        self.stream = nil
        guard isNoticed else { return }
        host.end(stream)
        node.schedulers.close(stream, now: host.now)
    }

    /// Dies and comes back with nothing of what it had.
    mutating func restart(_ node: inout NodeMachine, _ host: SimulatedHost) {
        disconnect(&node, host, isNoticed: true)
        let old = identity
        identity.epoch += 1
        (jobs, open, jobOfTask, missed) = ([:], [], [:], [])
        connect(&node, host)
        #expect(throws: NodeAPIError.self) { try node.acknowledge([], by: old, now: host.now) }
    }

    // MARK: Work

    /// Sends what has no attempt, as far as the node takes it.
    mutating func submit(_ node: inout NodeMachine, _ host: SimulatedHost) {
        guard stream != nil else { return }
        for id in open where jobs[id]?.task == nil {
            guard let job = jobs[id] else { continue }
            guard !job.isCancelled else {
                end(id, "cancelled")
                continue
            }
            lastID += 1
            let task = TaskID(rawValue: lastID)
            let submission = ServingTask(
                id: task, job: id, model: job.model, digest: job.digest,
                work: .answer(.tokens([1]), SamplingParameters(temperature: 0, seed: 1, maximumTokens: job.length)),
                delivered: job.next, generated: (0..<job.next).map { Int32($0) }, tenant: job.tenant)
            jobOfTask[task] = id
            jobs[id]?.task = task
            jobs[id]?.attempts += 1
            do {
                try node.submit(submission, by: identity, now: host.now)
            } catch {
                jobs[id]?.task = nil
                jobOfTask[task] = nil
                if error.code != TaskFailure.overloaded.rawValue { end(id, error.code) }
            }
        }
    }

    /// A client goes away.
    mutating func cancel(_ id: JobID, _ node: inout NodeMachine, _ host: SimulatedHost) {
        guard jobs[id]?.end == nil else { return }
        jobs[id]?.isCancelled = true
        guard let task = jobs[id]?.task else { return }
        do { try node.cancel(task, by: identity, now: host.now) } catch { jobs[id]?.task = nil }
    }

    /// Reads its stream, and acknowledges.
    mutating func read(_ node: inout NodeMachine, _ host: SimulatedHost) {
        guard let stream else { return }
        guard let events = host.takeEvents(of: stream) else { return self.stream = nil }
        resume(&node, host)
        var acknowledgements: [TaskAcknowledgement] = []
        for event in events {
            switch event {
            case .task(let task, let event): acknowledgements += receive(event, of: task, host)
            case .tokens(let tokens): for item in tokens { receive(item.token, of: item.task) }
            case .hello, .models, .instances, .keyValues: break
            }
        }
        for id in open {
            guard let job = jobs[id], let task = job.task, job.next > job.acknowledged else { continue }
            jobs[id]?.acknowledged = job.next
            acknowledgements.append(TaskAcknowledgement(task: task, index: job.next, isOver: false))
        }
        do { try node.acknowledge(acknowledgements, by: identity, now: host.now) } catch {
            Issue.record("an acknowledgement was refused: \(error)")
        }
    }

    private mutating func receive(_ token: GeneratedToken, of task: TaskID) {
        guard let id = jobOfTask[task], jobs[id]?.task == task, let next = jobs[id]?.next else { return }
        promise(jobs[id]?.end == nil, "a token came after the end")
        promise(token.index <= next || resumed.contains(task), "parts are missing before \(token.index)")
        if token.index == next { jobs[id]?.next += 1 }
    }

    private mutating func receive(_ event: TaskEvent, of task: TaskID, _ host: SimulatedHost) -> [TaskAcknowledgement] {
        guard let id = jobOfTask[task], let job = jobs[id], job.task == task else {
            // Of an attempt that is over for this side.
            if case .accepted = event { return [] }
            return [TaskAcknowledgement(task: task, index: 0, isOver: true)]
        }
        switch event {
        case .accepted(let acceptance): jobs[id]?.digest = job.digest ?? acceptance.digest
        case .token(let token): receive(token, of: task)
        case .vector: Issue.record("a vector came for an answer")
        // Before what was missed has been told again; the end then is, too.
        case .finished(let outcome) where resumed.contains(task) && job.next < outcome.completionTokens: break
        case .finished(let outcome):
            #expect(job.end == nil, "a job ended twice")
            #expect(outcome.reason == .cancelled || job.next == job.length, "an answer ended before its last part")
            #expect(
                outcome.reason != .cancelled || job.isCancelled || host.mayCancel, "an answer was cancelled by nobody")
            end(id, outcome.reason.rawValue)
            jobs[id]?.task = nil
            return [TaskAcknowledgement(task: task, index: job.next, isOver: true)]
        case .failed(let failure, let message):
            #expect(!message.isEmpty)
            jobs[id]?.task = nil
            if !failure.isRetryable { end(id, failure.rawValue) }
            return [TaskAcknowledgement(task: task, index: job.next, isOver: true)]
        }
        return []
    }
}

/// What must hold in every history. Unlike `#expect` it costs nothing where it does, some million times.
func promise(_ holds: Bool, _ otherwise: @autoclosure () -> String, sourceLocation: SourceLocation = #_sourceLocation) {
    if !holds { Issue.record("\(otherwise())", sourceLocation: sourceLocation) }
}
