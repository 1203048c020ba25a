// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import Messages
internal import ServingModel

/// `deepflow node status`
package struct NodeStatusCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show what each node says of itself.",
        usage: "deepflow node status [<options>]",
        discussion: """
            With --wait it waits until a node is connected and its keeper is
            attached, for scripts that start the daemons.

            Example:
              deepflow node status --wait 30
            """)

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Wait up to that many seconds for readiness.", valueName: "seconds")
    )
    package var wait: Int?
    @OptionGroup package var options: ServerOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    /// Refuses a wait out of range.
    package func validate() throws {
        if let wait, !(0...86_400).contains(wait) { throw ValidationError("--wait is 0 to 86400 seconds") }
    }

    /// Prints the state of one node or of all.
    package func run() async throws {
        let nodes = try await nodes()
        if output.json { return try JSONOutput.write(nodes) }
        StandardStreams.write(nodes.map(Self.text).joined(separator: "\n"))
    }

    private func nodes() async throws(CommandError) -> [NodeListing] {
        guard let wait else { return try await options.server().nodes() }
        let patience = SocketPatience(seconds: wait, candidates: try options.candidates())
        let options = self.options
        return try await patience.ask(
            notReady: .tryAgain("the server answers, but no node is ready after \(wait) s; see the daemons' logs")
        ) { () async throws(CommandError) -> [NodeListing]? in
            let nodes = try await options.server().nodes()
            let isReady = nodes.contains { $0.state == .connected && $0.status?.keeperProcessID != nil }
            return isReady ? nodes : nil
        }
    }

    private static func text(of entry: NodeListing) -> String {
        var table = ListingTable([.text("NODE"), .text(entry.node.text)])
        table.add(["STATE", entry.state.rawValue])
        if let problem = entry.problem { table.add(["PROBLEM", problem]) }
        guard let status = entry.status else { return table.text }
        table.add(["VERSION", status.version])
        table.add(["PROCESSES", "noded \(status.processID), keeper \(status.keeperProcessID.map(String.init) ?? "-")"])
        table.add(["UP", Figures.age(of: status.startedAt, now: Figures.now)])
        table.add(["MACHINE", "\(status.coreCount) cores, \(Figures.bytes(status.memoryBytes)), \(status.kernel)"])
        table.add([
            "IN USE",
            "\(status.models) models, \(status.templates) templates (and \(status.prewarmedTemplates) blank), \(status.instances) instances, "
                + "\(status.activeTasks) tasks",
        ])
        table.add(["CGROUPS", status.hasControlGroups ? "yes" : "no"])
        table.add(["LANDLOCK", status.landlockABI > 0 ? "ABI \(status.landlockABI)" : "not in this kernel"])
        for line in sandboxLines(status) { table.add(["SANDBOX", line]) }
        for remark in status.sandboxRemarks { table.add(["SANDBOX", remark]) }
        for remark in status.remarks { table.add(["REMARK", remark]) }
        return table.text
    }

    private static func sandboxLines(_ status: NodeStatus) -> [String] {
        guard let sandbox = status.sandbox else { return [] }
        let handling =
            switch sandbox.deniedCalls {
            case .named: "denied system calls are named in the keeper's log and end their process"
            case .unnamed: "denied system calls end their process, unnamed"
            case .allowed: "no system call is denied"
            }
        return ["\(handling); \(status.deniedCalls) so far", "instances run as \(sandbox.identity)"]
            + sandbox.missing.map { "NOT IN FORCE: \($0)" } + sandbox.remarks
    }
}
