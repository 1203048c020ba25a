// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import Messages
internal import ServingModel

/// `deepflow bench start`: how long an instance takes from the order until it has answered.
package struct BenchStartCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Measure starts of instances, stage by stage.",
        discussion: """
            Forks instances one after the other from a warm template, and takes
            first tokens of the model with and without a template. A fork counts
            from the node's decision until it has heard the answer to a ping; with
            --beside also while an instance is busy with so many answers.

            Example:
              deepflow bench start --checkpoint model.gguf --forks 200 --json
            """)

    @Option(help: ArgumentHelp("Instances to fork.", valueName: "number"))
    package var forks = 200
    @Option(help: ArgumentHelp("First tokens to take, each way.", valueName: "number"))
    package var rounds = 5
    @Option(help: ArgumentHelp("Answers that run while it forks once more; 0: none.", valueName: "number"))
    package var beside = 0
    @OptionGroup package var options: BenchmarkOptions

    package init() {}

    /// Refuses counts out of bounds.
    package func validate() throws {
        guard (1...100_000).contains(forks), (1...1000).contains(rounds), (0...64).contains(beside) else {
            throw ValidationError("--forks is 1 to 100000, --rounds 1 to 1000, --beside 0 to 64")
        }
    }

    /// Measures cold and warm starts over several rounds and prints their percentiles.
    package func run() async throws {
        let (forks, rounds, beside) = (forks, rounds, beside)
        let report = try await BenchmarkServer.with(options) { server throws(CommandError) in
            try await StartBenchmark(server: server).run(
                forks: forks, rounds: rounds, besideAnswers: beside)
        }
        if options.output.json { return try JSONOutput.write(report) }
        StandardStreams.write(report.text)
    }
}
