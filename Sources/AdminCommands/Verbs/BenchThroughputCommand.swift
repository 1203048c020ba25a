// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import Messages
internal import ServingModel

/// `deepflow bench throughput`: tokens per second through the whole system.
package struct BenchThroughputCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "throughput",
        abstract: "Measure prefill and decode rates and latencies.",
        discussion: """
            Sends requests with prompts of that many tokens, some at once, and
            reads their answers token by token, as a client does.

            Example:
              deepflow bench throughput --checkpoint model.gguf \\
                --prompt-tokens 512 --generate 128 --concurrency 8 --json
            """)

    @Option(help: ArgumentHelp("Tokens of each prompt, nearly.", valueName: "number"))
    package var promptTokens = 512
    @Option(help: ArgumentHelp("Tokens of each answer.", valueName: "number"))
    package var generate = 128
    @Option(help: ArgumentHelp("Requests at once.", valueName: "number"))
    package var concurrency = 1
    @Option(help: ArgumentHelp("Threads of the instance; default: all cores.", valueName: "number"))
    package var threads: Int?
    @Option(help: ArgumentHelp("Times that this is done.", valueName: "number"))
    package var rounds = 3
    @OptionGroup package var options: BenchmarkOptions

    package init() {}

    /// Refuses counts out of bounds.
    package func validate() throws {
        guard (1...1_000_000).contains(promptTokens), (1...1_000_000).contains(generate) else {
            throw ValidationError("--prompt-tokens and --generate are 1 to 1000000")
        }
        guard (1...256).contains(concurrency), (1...1000).contains(rounds), (1...1024).contains(threads ?? 1) else {
            throw ValidationError("--concurrency is 1 to 256, --rounds 1 to 1000, --threads 1 to 1024")
        }
        if threads != nil, options.scheduler.socket != nil {
            throw ValidationError("--threads is the private server's: a running one has its own")
        }
    }

    /// Measures one instance under concurrent requests and prints its rates.
    package func run() async throws {
        let (prompt, generate, concurrency, rounds) = (promptTokens, generate, concurrency, rounds)
        let threads = threads ?? BenchmarkOptions.machine.cores
        // One instance serves all, so that its batches are what is measured.
        let arguments = ["--ranks", "\(threads)", "--maximum-instances", "1"]
        let report = try await BenchmarkServer.with(options, nodeArguments: arguments) { server throws(CommandError) in
            let benchmark = ThroughputBenchmark(
                server: server, promptTokens: prompt, generatedTokens: generate, concurrency: concurrency)
            return try await benchmark.run(rounds: rounds, threads: threads)
        }
        if options.output.json { return try JSONOutput.write(report) }
        StandardStreams.write(report.text)
    }
}
