// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import Messages
internal import ServingModel

/// `deepflow job show ID`
package struct JobShowCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a job with its phases and attempts.",
        discussion: """
            Example:
              deepflow job show job-0123456789abcdef
            """)

    @Argument(help: "The job's id.")
    package var id: String
    @OptionGroup package var options: SchedulerOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    /// Prints one job with its phases and attempts.
    package func run() async throws {
        let id = try TypedNames.job(id)
        let job: JobRecord = try await options.scheduler().get(SchedulerRoutes.job(id.description))
        if output.json { return try JSONOutput.write(job) }
        StandardStreams.write(JobReport.text(of: job))
    }
}
