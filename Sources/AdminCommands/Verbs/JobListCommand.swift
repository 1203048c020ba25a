// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import Messages
internal import ServingModel

/// `deepflow job list`
package struct JobListCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the latest jobs, newest first.",
        discussion: """
            Example:
              deepflow job list --limit 10
            """)

    @Option(parsing: .unconditional, help: ArgumentHelp("How many, 1 to 1000.", valueName: "number"))
    package var limit = 20
    @OptionGroup package var options: SchedulerOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    /// Refuses a limit out of bounds.
    package func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit is 1 to 1000") }
    }

    /// Prints the newest jobs.
    package func run() async throws {
        let jobs: [JobRecord] = try await options.scheduler().get("\(SchedulerRoutes.jobs)?limit=\(limit)")
        if output.json { return try JSONOutput.write(jobs) }
        var table = ListingTable([
            .text("JOB"), .text("KIND"), .text("MODEL"), .text("STATUS"), .number("USER"), .number("PROMPT"),
            .number("ANSWER"), .number("FIRST TOKEN"), .number("DECODE"), .number("AGE"),
        ])
        let now = Figures.now
        for job in jobs {
            table.add([
                job.id.description, job.kind.rawValue, job.model.text, job.status.rawValue, "\(job.userID)",
                job.promptTokens.map(String.init) ?? "-", "\(job.completionTokens)",
                Figures.duration(microseconds: job.phases.firstTokenMicroseconds),
                Figures.duration(microseconds: job.phases.decodeMicroseconds),
                Figures.age(of: job.createdAt, now: now),
            ])
        }
        StandardStreams.write(table.text)
    }
}
