// SPDX-License-Identifier: Apache-2.0
internal import ServingModel

/// What `bench throughput --json` prints: medians over rounds, times in milliseconds.
struct ThroughputReport: Hashable, Sendable, Codable {
    let machine: BenchmarkMachine
    let model: ModelName
    let promptTokens: Int
    let generatedTokens: Int
    let concurrency: Int
    let rounds: Int
    let threads: Int
    /// The kernels' path on this machine.
    let isa: String
    /// Prompts' tokens per second until the last request had its first token.
    let prefill: Double
    /// Answers' tokens per second behind their first ones; while other prompts are read these count, too.
    let decode: Double
    /// Answers' tokens per second over whole rounds.
    let output: Double
    /// The same with the prompts' tokens.
    let total: Double
    let firstToken: Distribution
    /// Between two parts of a stream; nil for answers of one token.
    let betweenTokens: Distribution?
    /// Gigabytes of the packed model per second, each step that decodes counted as one pass over it.
    let effectiveRead: Double

    enum CodingKeys: String, CodingKey {
        case machine, model, concurrency, rounds, threads, isa
        case promptTokens = "prompt_tokens"
        case generatedTokens = "generated_tokens"
        case prefill = "prefill_tokens_per_s"
        case decode = "decode_tokens_per_s"
        case output = "output_tokens_per_s"
        case total = "total_tokens_per_s"
        case firstToken = "ttft_ms"
        case betweenTokens = "itl_ms"
        case effectiveRead = "effective_read_gb_per_s"
    }

    /// The same for people.
    var text: String {
        var rates = ListingTable([.text("TOKENS PER SECOND"), .number("RATE")])
        for (name, rate) in [("prefill", prefill), ("decode", decode), ("output", output), ("total", total)] {
            rates.add([name, "\(Int(rate.rounded()))"])
        }
        func duration(_ milliseconds: Double) -> String {
            Figures.duration(microseconds: Int((milliseconds * 1000).rounded()))
        }
        var times = ListingTable([.text("TIME"), .number("P50"), .number("P95"), .number("P99"), .number("MAX")])
        for (name, found) in [("first token", firstToken), ("between tokens", betweenTokens)] {
            guard let found else { continue }
            times.add([
                name, duration(found.p50), duration(found.p95), duration(found.p99), duration(found.maximum),
            ])
        }
        return """
            \(concurrency) at once, \(promptTokens) + \(generatedTokens) tokens, \(threads) threads, \(isa)

            """ + rates.text + times.text
    }
}
