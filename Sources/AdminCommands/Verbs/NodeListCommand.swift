// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import Messages
internal import ServingModel

/// `deepflow node list`
package struct NodeListCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the nodes that the scheduler knows.",
        discussion: """
            Example:
              deepflow node list
            """)

    @OptionGroup package var options: ServerOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    /// Prints all nodes that the scheduler knows.
    package func run() async throws {
        let nodes = try await options.server().nodes()
        if output.json { return try JSONOutput.write(nodes) }
        var table = ListingTable([
            .text("NODE"), .text("STATE"), .number("CORES"), .number("MEMORY"), .number("MODELS"),
            .number("INSTANCES"), .number("TASKS"), .text("PROBLEM"),
        ])
        for entry in nodes {
            let status = entry.status
            table.add([
                entry.node.text, entry.state.rawValue, status.map { "\($0.coreCount)" } ?? "-",
                Figures.bytes(status?.memoryBytes), status.map { "\($0.models)" } ?? "-",
                status.map { "\($0.instances)" } ?? "-", "\(entry.placedTasks)", entry.problem ?? "",
            ])
        }
        StandardStreams.write(table.text)
    }
}
