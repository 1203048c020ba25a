// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser

/// `deepflow node`: the machines (or slices of one) that serve.
package struct NodeCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "node",
        abstract: "Show nodes.",
        subcommands: [NodeListCommand.self, NodeStatusCommand.self])

    package init() {}
}
