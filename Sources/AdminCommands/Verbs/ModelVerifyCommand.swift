// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import Messages
internal import ServingModel

/// `deepflow model verify NAME`
package struct ModelVerifyCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read a packed model and compare it with its checksums.",
        discussion: """
            Names the first part that is not as it was written, and exits with 1.
            Adding the checkpoint again mends a damaged model.

            Example:
              deepflow model verify my-model
            """)

    /// One node's word, as `--json` prints it.
    struct Outcome: Codable, Hashable {
        let node: String
        let model: ModelName
        let isIntact: Bool
        /// What of it is not as it was written; nil where all is.
        let damage: String?
    }

    @Argument(help: "The model's name.")
    package var name: String
    @OptionGroup package var options: ServerOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    /// Has every node read the whole artefact, and prints what each found.
    package func run() async throws {
        let model = try TypedNames.model(name)
        let options = self.options
        let outcomes = try await InterruptGuard.run { () async throws(CommandError) in
            var outcomes: [Outcome] = []
            for node in try await options.nodes(having: model) {
                outcomes.append(try await Self.outcome(of: model, node))
            }
            return outcomes
        }
        if output.json {
            try JSONOutput.write(outcomes)
        } else {
            for outcome in outcomes where outcome.isIntact {
                StandardStreams.writeLine("\(model) on \(outcome.node) is intact")
            }
        }
        let damages = outcomes.compactMap { outcome in
            outcome.damage.map { "\(model) on \(outcome.node): \($0)" }
        }
        guard damages.isEmpty else { throw CommandError.failed(damages.joined(separator: "\n")) }
    }

    private static func outcome(of model: ModelName, _ server: AdminServer) async throws(CommandError) -> Outcome {
        var report = ProgressReport()
        defer { report.finish() }
        guard case .node(let node) = server.side else { preconditionFailure("a verification is a node's work") }
        let word = try await server.verify(model) { report.update("reading", done: $0, total: $1) }
        switch word {
        case .intact, .reading: return Outcome(node: node.text, model: model, isIntact: true, damage: nil)
        case .damaged(let damage): return Outcome(node: node.text, model: model, isIntact: false, damage: damage)
        case .failed(let message): throw .failed("\(model) on \(node): \(message)")
        }
    }
}
