// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser

/// `deepflow job`: what was asked, what became of it and what it took.
package struct JobCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "job",
        abstract: "List, show and cancel jobs.",
        subcommands: [JobListCommand.self, JobShowCommand.self, JobCancelCommand.self])

    package init() {}
}
