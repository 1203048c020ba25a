// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import Messages
internal import ServingModel

/// `deepflow instance scale MODEL COUNT`
package struct InstanceScaleCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "scale",
        abstract: "Bring a model to a number of instances and keep them.",
        discussion: """
            Returns when the instances are ready and those that are too many
            gone. They stay, idle or not, until another scale; with 0 the model
            has as many as its requests need.

            Example:
              deepflow instance scale my-model 4
            """)

    @Argument(help: "The model's name.")
    package var model: String
    @Argument(help: "Instances that it is to have.")
    package var count: Int
    @OptionGroup package var options: ServerOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    /// Refuses a negative count.
    package func validate() throws {
        if count < 0 { throw ValidationError("an instance count is not negative") }
    }

    /// Has the node bring the model to the count, and prints what there is then.
    package func run() async throws {
        let name = try TypedNames.model(model)
        let nodes = try await options.nodes(having: name)
        guard nodes.count == 1, let node = nodes.first else {
            throw CommandError.usage("\(nodes.count) nodes have '\(name)': say with --node NAME which is meant")
        }
        let instances = try await node.scale(name, to: count)
        if output.json { return try JSONOutput.write(instances) }
        var table = ListingTable([.text("INSTANCE"), .number("PID"), .text("STATE"), .number("START")])
        for instance in instances {
            table.add([
                instance.id.description, "\(instance.processID)", instance.state.rawValue,
                Figures.duration(microseconds: instance.startMicroseconds),
            ])
        }
        StandardStreams.write(table.text)
    }
}

/// `deepflow instance stop ID`
package struct InstanceStopCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Have an instance end after its tasks.",
        discussion: """
            With --within its tasks have that many seconds; what is left of them
            is cancelled then, and an instance that does not exit is killed.

            Example:
              deepflow instance stop inst-0123456789abcdef --within 10
            """)

    @Argument(help: "The instance's id.")
    package var instance: String
    @Option(parsing: .unconditional, help: ArgumentHelp("Seconds that its tasks have.", valueName: "seconds"))
    package var within: Int?
    @OptionGroup package var options: ServerOptions

    package init() {}

    /// Refuses a bound out of range.
    package func validate() throws {
        if let within, !(0...86_400).contains(within) { throw ValidationError("--within is 0 to 86400 seconds") }
    }

    /// Has the node end the instance, after its tasks or within the bound.
    package func run() async throws {
        let id = try TypedNames.instance(instance)
        let query = within.map { "?within=\($0)" } ?? ""
        try await options.node(of: id).delete(NodeRoutes.instance(id.description) + query)
    }
}
