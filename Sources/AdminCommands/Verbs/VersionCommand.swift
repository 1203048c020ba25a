// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import Messages
internal import ServingModel

/// `deepflow version`: of this command and, where one answers, of the server.
package struct VersionCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Show the versions of command and server.",
        discussion: """
            Example:
              deepflow version --json
            """)

    @OptionGroup package var options: ServerOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    /// What `--json` prints; `server` is absent where none answers.
    private struct Versions: Encodable {
        let client: String
        let server: String?
    }

    /// Prints the versions of the command and of the server.
    package func run() async throws {
        let server = try await serverVersion()
        if output.json { return try JSONOutput.write(Versions(client: Release.version, server: server)) }
        StandardStreams.writeLine("deepflow \(Release.version)")
        StandardStreams.writeLine(server.map { "server   \($0)" } ?? "server   none answers")
    }

    /// A server that cannot be asked is an answer too, except where the user named one.
    private func serverVersion() async throws(CommandError) -> String? {
        do {
            let server = try options.server()
            switch server.side {
            case .scheduler: return try await server.get(SchedulerRoutes.version, as: SchedulerVersion.self).version
            case .node: return try await server.get(NodeRoutes.status, as: NodeStatus.self).version
            }
        } catch {
            if options.scheduler.socket != nil || options.node != nil { throw error }
            return nil
        }
    }
}
