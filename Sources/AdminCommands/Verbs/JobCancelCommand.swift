// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import Messages
internal import ServingModel

/// `deepflow job cancel ID`
package struct JobCancelCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "End a job; its client gets what was made so far.",
        discussion: """
            Example:
              deepflow job cancel job-0123456789abcdef
            """)

    @Argument(help: "The job's id.")
    package var id: String
    @OptionGroup package var options: SchedulerOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    /// Ends the job and says so.
    package func run() async throws {
        let id = try TypedNames.job(id)
        try await options.scheduler().delete(SchedulerRoutes.job(id.description))
        if output.json { return try JSONOutput.write(["cancelled": id.description]) }
        StandardStreams.writeLine("cancelled \(id)")
    }
}
