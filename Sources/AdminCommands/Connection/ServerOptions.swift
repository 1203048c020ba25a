// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import Glibc
internal import ServingModel

/// `--socket`: for verbs that need the scheduler.
package struct SchedulerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The server's socket (default: DEEPFLOW_HOST, /run/deepflow).", valueName: "path"))
    package var socket: String?

    package init() {}

    func address() throws(CommandError) -> ServerAddress {
        try ServerAddress(socket: socket, environment: Self.environment)
    }

    /// The scheduler behind the first socket that lets the caller in.
    func scheduler() throws(CommandError) -> AdminServer {
        AdminServer(side: .scheduler, socketPath: try SocketChoice.firstOpen(of: try address().candidates))
    }

    private static var environment: [String: String] {
        ["DEEPFLOW_HOST", "XDG_RUNTIME_DIR"].reduce(into: [:]) { values, name in
            values[name] = getenv(name).map { String(cString: $0) }
        }
    }
}

/// `--socket` and `--node`: for verbs that work with the scheduler down.
package struct ServerOptions: ParsableArguments {
    @OptionGroup package var scheduler: SchedulerOptions
    @Option(help: ArgumentHelp("Speak to this node directly, beside --socket.", valueName: "name"))
    package var node: String?

    package init() {}

    /// The scheduler, or with `--node` that node.
    func server() throws(CommandError) -> AdminServer {
        guard let node = try nodeName() else { return try scheduler.scheduler() }
        return AdminServer(
            side: .node(node), socketPath: try SocketChoice.firstOpen(of: try candidates()))
    }

    /// The sockets that `server` tries.
    func candidates() throws(CommandError) -> [String] {
        let address = try scheduler.address()
        guard let node = try nodeName() else { return address.candidates }
        return address.nodeCandidates(node)
    }

    private func nodeName() throws(CommandError) -> NodeName? {
        guard let node else { return nil }
        guard let name = NodeName(node) else {
            throw .usage("'\(node)' is no node's name: 1 to 64 of a-z 0-9 - that begin with a letter")
        }
        return name
    }
}

/// `--json`: on every listing.
package struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON with stable keys.")
    package var json = false

    package init() {}
}
