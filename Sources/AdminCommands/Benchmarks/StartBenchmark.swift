// SPDX-License-Identifier: Apache-2.0
internal import Messages
internal import ServingModel

/// The measurements of `bench start`.
struct StartBenchmark: Sendable {
    let server: BenchmarkServer

    /// - Parameter answers: that many run on an instance while others are forked once more; 0: none.
    func run(forks: Int, rounds: Int, besideAnswers answers: Int) async throws(CommandError) -> StartReport {
        let model = server.model.name
        let cold = try await coldFirstTokens(rounds)
        let loaded = try await loadedFirstTokens(rounds)
        let starts = try await stages(of: forks, beside: 0)
        var busy: [StartStages]?
        if answers > 0 {
            busy = try await whileAnswering(answers) { () async throws(CommandError) in
                try await stages(of: forks, beside: 1)
            }
        }
        return StartReport(
            machine: BenchmarkOptions.machine, model: model, artefactBytes: server.model.byteCount,
            forkToReady: Distribution(microseconds: starts.map(\.total)), answersBeside: answers,
            busyForkToReady: busy.map { Distribution(microseconds: $0.map(\.total)) }, stages: StageTimes(starts),
            coldFirstToken: Self.median(cold), loadedFirstToken: Self.median(loaded),
            coldFirstTokens: cold.map { Double($0) / 1000 }, loadedFirstTokens: loaded.map { Double($0) / 1000 })
    }

    /// Starts of one instance after the other beside so many that stay.
    private func stages(of forks: Int, beside others: Int) async throws(CommandError) -> [StartStages] {
        let model = server.model.name
        let known = Set(try await server.node.scale(model, to: others).map(\.id))
        var starts: [StartStages] = []
        for _ in 0..<forks {
            let instances = try await server.node.scale(model, to: others + 1)
            guard let stages = instances.first(where: { !known.contains($0.id) })?.startStages else {
                throw .failed("the node gave no stages of a start: is it of the same version?")
            }
            starts.append(stages)
            _ = try await server.node.scale(model, to: others)
        }
        return starts
    }

    /// Does some work while so many answers run on one instance, as long as the model's context lets them.
    private func whileAnswering(
        _ count: Int, _ work: @escaping @Sendable () async throws(CommandError) -> [StartStages]
    ) async throws(CommandError) -> [StartStages] {
        let client = FirstToken(scheduler: server.scheduler, model: server.model.name)
        _ = try await server.node.scale(server.model.name, to: 1)
        do {
            return try await withThrowingTaskGroup(of: [StartStages].self) { group in
                for number in 0..<count {
                    group.addTask {
                        while true { _ = try await client.ask("Story \(number)", tokens: Self.longAnswer) }
                    }
                }
                try await server.waitForTasks(count)
                group.addTask { try await work() }
                defer { group.cancelAll() }
                return try await group.next() ?? []
            }
        } catch {
            throw AdminServer.explain(error)
        }
    }

    /// More tokens than a measurement lasts; a model of a shorter context ends earlier and is asked again.
    private static let longAnswer = 8192

    /// First tokens of a model that is in no process; its artefact is in the page cache.
    private func coldFirstTokens(_ rounds: Int) async throws(CommandError) -> [Int] {
        let client = FirstToken(scheduler: server.scheduler, model: server.model.name)
        var times: [Int] = []
        for round in 0..<rounds {
            try await server.node.unload(server.model.name)
            try await server.waitForPrewarmedTemplate()
            times.append(try await client.ask("The answer of round \(round) is"))
        }
        return times
    }

    /// First tokens of an instance that has answered before.
    private func loadedFirstTokens(_ rounds: Int) async throws(CommandError) -> [Int] {
        let client = FirstToken(scheduler: server.scheduler, model: server.model.name)
        _ = try await server.node.scale(server.model.name, to: 1)
        _ = try await client.ask("Nothing here is measured")
        var times: [Int] = []
        for round in 0..<rounds { times.append(try await client.ask("The answer of round \(round) is")) }
        return times
    }

    private static func median(_ microseconds: [Int]) -> Double {
        Distribution(microseconds: microseconds).p50
    }
}

/// The medians of each stage, in milliseconds, under the paper's names.
struct StageTimes: Hashable, Sendable, Codable {
    let scalerPre: Double
    let tePreLoad: Double
    let teLoad: Double
    let tePostLoad: Double
    let scalerPost: Double

    init(_ starts: [StartStages]) {
        func median(_ stage: KeyPath<StartStages, Int>) -> Double {
            Distribution(microseconds: starts.map { $0[keyPath: stage] }).p50
        }
        scalerPre = median(\.scalerPre)
        tePreLoad = median(\.tePreLoad)
        teLoad = median(\.teLoad)
        tePostLoad = median(\.tePostLoad)
        scalerPost = median(\.scalerPost)
    }

    enum CodingKeys: String, CodingKey {
        case scalerPre = "scaler_pre"
        case tePreLoad = "te_pre_load"
        case teLoad = "te_load"
        case tePostLoad = "te_post_load"
        case scalerPost = "scaler_post"
    }
}

/// What `bench start --json` prints; times in milliseconds.
struct StartReport: Hashable, Sendable, Codable {
    let machine: BenchmarkMachine
    let model: ModelName
    let artefactBytes: Int
    let forkToReady: Distribution
    /// Answers that ran during the second measurement, and its times; nil where there was none.
    let answersBeside: Int
    let busyForkToReady: Distribution?
    /// Medians; `forkToReady` is of whole starts.
    let stages: StageTimes
    /// Medians of the lists below.
    let coldFirstToken: Double
    let loadedFirstToken: Double
    let coldFirstTokens: [Double]
    let loadedFirstTokens: [Double]

    enum CodingKeys: String, CodingKey {
        case machine, model
        case artefactBytes = "artefact_bytes"
        case forkToReady = "fork_to_ready_ms"
        case answersBeside = "answers_beside"
        case busyForkToReady = "busy_fork_to_ready_ms"
        case stages = "stages_ms"
        case coldFirstToken = "cold_first_token_ms"
        case loadedFirstToken = "loaded_first_token_ms"
        case coldFirstTokens = "cold_first_tokens_ms"
        case loadedFirstTokens = "loaded_first_tokens_ms"
    }

    /// The same for people.
    var text: String {
        func duration(_ milliseconds: Double) -> String {
            Figures.duration(microseconds: Int((milliseconds * 1000).rounded()))
        }
        var table = ListingTable([.text("WHAT"), .number("P50"), .number("P95"), .number("P99"), .number("MAX")])
        func row(_ what: String, _ times: Distribution) -> [String] {
            [what, duration(times.p50), duration(times.p95), duration(times.p99), duration(times.maximum)]
        }
        table.add(row("fork to ready, \(forkToReady.count) times", forkToReady))
        if let busyForkToReady { table.add(row("the same beside \(answersBeside) answers", busyForkToReady)) }
        let stages = [stages.scalerPre, stages.tePreLoad, stages.teLoad, stages.tePostLoad, stages.scalerPost]
        for (meaning, time) in zip(StartStages.meanings, stages) {
            table.add(["  \(meaning.name): \(meaning.text)", duration(time), "", "", ""])
        }
        table.add(["first token, model in no process", duration(coldFirstToken), "", "", ""])
        table.add(["first token, model loaded", duration(loadedFirstToken), "", "", ""])
        return table.text
    }
}
