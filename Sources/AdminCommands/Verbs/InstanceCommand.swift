// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import Messages
internal import ServingModel

/// `deepflow instance`: the forked processes that answer.
package struct InstanceCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "instance", abstract: "Show, scale and stop instances.",
        subcommands: [InstanceListCommand.self, InstanceScaleCommand.self, InstanceStopCommand.self])

    package init() {}
}

/// `deepflow instance list`
package struct InstanceListCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the processes that answer requests.",
        discussion: """
            START is the time from the order to fork until the instance was
            ready; MEMORY is private memory as the kernel counts it.

            Example:
              deepflow instance list
            """)

    @OptionGroup package var options: ServerOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    /// Prints all instances.
    package func run() async throws {
        let instances = try await options.server().instances()
        if output.json { return try JSONOutput.write(instances) }
        var table = ListingTable([
            .text("INSTANCE"), .text("NODE"), .number("PID"), .text("MODEL"), .text("ROLE"), .text("STATE"),
            .number("TASKS"), .number("MEMORY"), .number("KV"), .number("START"), .number("AGE"),
        ])
        let now = Figures.now
        for entry in instances {
            let instance = entry.instance
            table.add([
                instance.id.description, entry.node.text, "\(instance.processID)", instance.model.text,
                instance.role.rawValue, instance.state.rawValue,
                "\(instance.activeTasks)/\(instance.maximumTasks)", Figures.bytes(instance.privateBytes),
                Figures.bytes(Int(clamping: instance.keyValueBytes)),
                Figures.duration(microseconds: instance.startMicroseconds),
                Figures.age(of: instance.startedAt, now: now),
            ])
        }
        StandardStreams.write(table.text)
    }
}
