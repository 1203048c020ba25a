// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import Messages
internal import ServingModel

/// `deepflow bench scale`: many instances at once, and what they cost in memory.
package struct BenchScaleCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "scale",
        abstract: "Measure scaling from no instance to many.",
        discussion: """
            Once with nothing but the artefact in the page cache, then with a warm
            template; then every instance answers a request. Memory by process
            needs root, else it is what the kernel counts as anonymous.

            Example:
              deepflow bench scale --checkpoint model.gguf --instances 64 --json
            """)

    @Option(help: ArgumentHelp("Instances to scale to.", valueName: "number"))
    package var instances = 64
    @Option(help: ArgumentHelp("Tokens of each one's answer; 0 asks for none.", valueName: "number"))
    package var tokens = 8
    @OptionGroup package var options: BenchmarkOptions

    package init() {}

    /// Refuses counts out of bounds.
    package func validate() throws {
        guard (1...256).contains(instances), (0...10_000).contains(tokens) else {
            throw ValidationError("--instances is 1 to 256, --tokens 0 to 10000")
        }
    }

    /// Brings a model from none to so many instances and prints how long each stage took.
    package func run() async throws {
        let (instances, tokens) = (instances, tokens)
        let report = try await BenchmarkServer.with(
            options, nodeArguments: ["--maximum-instances", "\(instances)"]
        ) { server throws(CommandError) in
            try await ScaleBenchmark(server: server, count: instances).run(tokens: tokens)
        }
        if options.output.json { return try JSONOutput.write(report) }
        StandardStreams.write(report.text)
    }
}
