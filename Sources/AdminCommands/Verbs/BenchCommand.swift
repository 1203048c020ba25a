// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser

/// `deepflow bench`: programs that measure this machine's DeepFlow.
package struct BenchCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure starts, scaling and throughput.",
        discussion: """
            Without --socket each benchmark starts daemons of its own in a
            private directory, packs the checkpoint, and removes everything.
            """,
        subcommands: [BenchStartCommand.self, BenchScaleCommand.self, BenchThroughputCommand.self])

    package init() {}
}
