// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import Messages
internal import ServingModel

/// `deepflow model load NAME`
package struct ModelLoadCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Have a model ready before it is asked for.",
        discussion: """
            Starts the model's template, from which an instance is forked within
            milliseconds. With --populate its weights are read into memory first,
            within the node's budget; Ctrl-C ends that.

            Example:
              deepflow model load my-model --populate
            """)

    @Argument(help: "The model's name.")
    package var name: String
    @Flag(help: "Read the weights into memory first.")
    package var populate = false
    @OptionGroup package var options: ServerOptions

    package init() {}

    /// Has the model's template started, with progress.
    package func run() async throws {
        try await ModelLoading.run(
            ModelLoad(model: try TypedNames.model(name), populates: populate, pins: nil), options)
    }
}

/// `deepflow model pin NAME`
package struct ModelPinCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "pin",
        abstract: "Keep a model's template although nobody uses it.",
        discussion: """
            Until --off, the model's removal, or the node daemon's end.

            Example:
              deepflow model pin my-model
            """)

    @Argument(help: "The model's name.")
    package var name: String
    @Flag(help: "No longer: it goes after the idle time.")
    package var off = false
    @OptionGroup package var options: ServerOptions

    package init() {}

    /// Keeps the model's template, or lets it go again with `--off`.
    package func run() async throws {
        try await ModelLoading.run(
            ModelLoad(model: try TypedNames.model(name), populates: false, pins: !off), options)
    }
}

/// `deepflow model unload NAME`
package struct ModelUnloadCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "unload",
        abstract: "End a model's instances, after their tasks, and its template.",
        discussion: """
            The model stays in the store and starts again when it is asked for.

            Example:
              deepflow model unload my-model
            """)

    @Argument(help: "The model's name.")
    package var name: String
    @OptionGroup package var options: ServerOptions

    package init() {}

    /// Ends the model's instances, after their tasks, and its template.
    package func run() async throws {
        let model = try TypedNames.model(name)
        for node in try await options.nodes(having: model) { try await node.unload(model) }
    }
}

/// Loads with a progress bar.
private enum ModelLoading {
    static func run(_ order: ModelLoad, _ options: ServerOptions) async throws(CommandError) {
        try await InterruptGuard.run { () async throws(CommandError) in
            for node in try await options.nodes(having: order.model) {
                var report = ProgressReport()
                defer { report.finish() }
                try await node.load(order) { progress in
                    if case .populating(let bytes, let total) = progress {
                        report.update("reading", done: bytes, total: total)
                    }
                }
            }
        }
    }
}
