// SPDX-License-Identifier: Apache-2.0
internal import DaemonSettings
internal import FoundationEssentials
internal import NodeDaemon
internal import ServingModel
internal import SettingFiles
internal import UnixHTTP

/// The node daemon.
@main struct NodedProgram {
    static func main() {
        let start = ProgramStart<NodeSettings>(
            arguments: Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment,
            version: Release.version)
        let (live, sources, parentProcess) = start.settingsOrExit()
        do {
            try EventLoopTasks.run(endingWith: parentProcess) { try await NodeProcess.run(live, sources: sources) }
        } catch {
            let isConfiguration = (error as? NodeDaemonError)?.isConfiguration == true
            ProgramEnd.fail(error, exitCode: isConfiguration ? 78 : 1)
        }
    }
}
