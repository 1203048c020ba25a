// SPDX-License-Identifier: Apache-2.0
internal import LinuxKernel
internal import Messages
internal import ServingModel

/// The measurements of `bench scale`.
struct ScaleBenchmark: Sendable {
    let server: BenchmarkServer
    let count: Int

    func run(tokens: Int) async throws(CommandError) -> ScaleReport {
        let model = server.model.name
        try await server.node.unload(model)
        try await server.waitForPrewarmedTemplate()
        let cold = try await timeScale()
        _ = try await server.node.scale(model, to: 0)
        let warm = try await timeScale()
        var firstTokens: Double?
        var memory = InstanceMemory.of(warm.instances)
        let template = try await server.node.templates().first { $0.template.model == model }?.template
        let total = InstanceMemory.totalShare(warm.instances.map(\.processID) + [template?.processID ?? 0])
        if tokens > 0 {
            let asked = MonotonicTime.now
            let last = try await askAll(tokens)
            // What was read of /proc in between is the benchmark's own time.
            firstTokens = warm.seconds + Double(last.microseconds(since: asked)) / 1e6
            memory = try await noteTasks(memory)
        }
        return ScaleReport(
            machine: BenchmarkOptions.machine, model: model, artefactBytes: server.model.byteCount,
            instances: count, allAnswered: warm.seconds, allAnsweredCold: cold.seconds, allFirstTokens: firstTokens,
            privateBytesPerInstance: memory.isEmpty
                ? nil : memory.compactMap(\.privateBytes).sorted()[safe: memory.count / 2],
            templatePrivateBytes: InstanceMemory.privateBytes(of: template?.processID ?? 0) ?? template?.privateBytes,
            totalShareBytes: total, perInstance: memory)
    }

    private struct TimedScale {
        let seconds: Double
        let instances: [InstanceSummary]
    }

    private func timeScale() async throws(CommandError) -> TimedScale {
        let begin = MonotonicTime.now
        let instances = try await server.node.scale(server.model.name, to: count)
        return TimedScale(seconds: Double(MonotonicTime.now.microseconds(since: begin)) / 1e6, instances: instances)
    }

    /// One request for each instance, all at once; when the last one had its first token.
    private func askAll(_ tokens: Int) async throws(CommandError) -> MonotonicTime {
        let client = FirstToken(scheduler: server.scheduler, model: server.model.name)
        let count = count
        do {
            return try await withThrowingTaskGroup(of: MonotonicTime.self) { group in
                for number in 0..<count {
                    group.addTask {
                        let begin = MonotonicTime.now
                        let first = try await client.ask("Instance \(number) says", tokens: tokens)
                        return MonotonicTime(nanoseconds: begin.nanoseconds + UInt64(first) * 1000)
                    }
                }
                var last = MonotonicTime(nanoseconds: 0)
                for try await time in group { last = max(last, time) }
                return last
            }
        } catch {
            throw AdminServer.explain(error)
        }
    }

    /// Adds to each instance's row what it did.
    private func noteTasks(_ rows: [InstanceMemory]) async throws(CommandError) -> [InstanceMemory] {
        let now = try await server.node.instances().map(\.instance)
        return rows.map { row in
            var row = row
            let instance = now.first { $0.id == row.id }
            row.tasksServed = instance?.tasksServed
            row.privateBytesAfterTasks = InstanceMemory.privateBytes(of: row.processID) ?? instance?.privateBytes
            return row
        }
    }
}

extension Array {
    fileprivate subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}

/// What `bench scale --json` prints.
struct ScaleReport: Hashable, Sendable, Codable {
    let machine: BenchmarkMachine
    let model: ModelName
    let artefactBytes: Int
    let instances: Int
    /// Seconds from the order until all were ready, template warm.
    let allAnswered: Double
    /// The same with no template: nothing warm but the page cache.
    let allAnsweredCold: Double
    /// The first, and on until each had made a token; nil where none was asked for.
    let allFirstTokens: Double?
    /// Median, before the first task.
    let privateBytesPerInstance: Int?
    let templatePrivateBytes: Int?
    /// Proportional share of all instances and the template together; nil unless run as root.
    let totalShareBytes: Int?
    let perInstance: [InstanceMemory]

    enum CodingKeys: String, CodingKey {
        case machine, model, instances
        case artefactBytes = "artefact_bytes"
        case allAnswered = "all_answered_s"
        case allAnsweredCold = "all_answered_cold_s"
        case allFirstTokens = "all_first_tokens_s"
        case privateBytesPerInstance = "private_bytes_per_instance"
        case templatePrivateBytes = "template_private_bytes"
        case totalShareBytes = "total_pss_bytes"
        case perInstance = "per_instance"
    }

    /// The same for people.
    var text: String {
        func seconds(_ time: Double?) -> String { Figures.duration(microseconds: time.map { Int($0 * 1e6) }) }
        var table = ListingTable([.text("WHAT"), .number("FIGURE")])
        table.add(["0 to \(instances) instances, template warm", seconds(allAnswered)])
        table.add(["0 to \(instances) instances, no template", seconds(allAnsweredCold)])
        table.add(["0 to \(instances), each has made a token", seconds(allFirstTokens)])
        table.add(["private memory of one, before its first task", Figures.bytes(privateBytesPerInstance)])
        table.add(["all together, shared pages by share", Figures.bytes(totalShareBytes)])
        table.add(["the artefact", Figures.bytes(artefactBytes)])
        return table.text
    }
}
